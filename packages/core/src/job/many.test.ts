import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type JobFixture, jobFixture, owner } from '../../../../tests/support/jobs.ts';
import { user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { jobs } from './job.sql.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
  const other = { portfolio: 'other', slug: 'study' };
  await operations.portfolio.create.run(fixture.as(owner), { slug: 'other', name: 'Other' });
  await operations.caseStudy.create.run(fixture.as(owner), { ...other, title: 'Study' });
});
afterAll(() => fixture.stop());
beforeEach(async () => {
  await fixture.wakeUps.idle();
  await fixture.db.delete(jobs);
});

const ctx = () => fixture.as(owner);
const portfolio = 'team';
type Filter = Omit<Parameters<typeof operations.job.cancelMany.run>[1], 'portfolio'>;
type RetryFilter = Omit<Parameters<typeof operations.job.retryMany.run>[1], 'portfolio'>;
const cancelMany = (filter: Filter = {}) => operations.job.cancelMany.run(ctx(), { portfolio, ...filter });
const retryMany = (filter: RetryFilter = {}) => operations.job.retryMany.run(ctx(), { portfolio, ...filter });
const stateOf = async (id: string) => (await fixture.read(id)).state;

test('all unfinished jobs are cancelled: queued ones end, running ones get a request', async () => {
  const { id: queued } = await fixture.accept();
  const { id: running } = await fixture.claimed();
  const succeeded = await fixture.succeeded();
  expect(await cancelMany()).toEqual({ changed: 2, hasMore: false });
  expect(await stateOf(queued)).toBe('cancelled');
  expect(await fixture.read(running)).toMatchObject({
    state: 'running',
    cancelRequestedAt: expect.any(String),
  });
  expect(await stateOf(succeeded)).toBe('succeeded');
  expect((await fixture.eventsOf(queued)).at(-1)).toMatchObject({ type: 'cancelled', seq: 2 });
  expect((await fixture.eventsOf(running)).at(-1)).toMatchObject({ type: 'cancelling', seq: 3 });
  expect(await cancelMany()).toEqual({ changed: 0, hasMore: false });
});

test('jobs that ended without a result are queued again, and wake a worker', async () => {
  const failed = await fixture.failed();
  const { id: cancelled } = await fixture.accept();
  await fixture.cancel(cancelled);
  const woken: string[] = [];
  const asked = { ...ctx(), wakeUps: { notify: (kind: string) => void woken.push(kind) } };
  expect(await operations.job.retryMany.run(asked, { portfolio })).toEqual({
    changed: 2,
    hasMore: false,
  });
  expect(woken).toEqual(['export.pdf']);
  expect((await fixture.queue()).toSorted()).toEqual([failed, cancelled].toSorted());
  expect(await fixture.read(failed)).toMatchObject({ state: 'queued', attempt: 1, maxAttempts: 6 });
  expect(await fixture.read(cancelled)).toMatchObject({ state: 'queued', attempt: 0, maxAttempts: 5 });
});

test('only jobs that match the filter are changed', async () => {
  const { id } = await fixture.accept();
  const { id: running } = await fixture.claimed();
  await fixture.change(id, { requestedBy: sql`'robot'` });
  const createdAfter = (await fixture.read(id)).createdAt;
  const createdBefore = new Date(Date.parse(createdAfter) + 1).toISOString();
  for (const filter of [
    { requestedBy: 'nobody' },
    { requestedBy: 'robot', state: ['running'] },
    { requestedBy: 'robot', createdAfter: createdBefore },
    { requestedBy: 'robot', createdBefore: createdAfter },
  ] satisfies Filter[]) {
    expect(await cancelMany(filter)).toEqual({ changed: 0, hasMore: false });
  }
  const filter = {
    kind: 'export.pdf',
    state: ['queued'],
    requestedBy: 'robot',
    createdAfter,
    createdBefore,
  } satisfies Filter;
  expect(await cancelMany(filter)).toEqual({ changed: 1, hasMore: false });
  expect(await stateOf(id)).toBe('cancelled');
  expect(await fixture.read(running)).toMatchObject({ cancelRequestedAt: null });
});

test('a call changes up to its limit, the oldest first, and reports whether there are more', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) ids.push((await fixture.accept()).id);
  expect(await cancelMany({ limit: 2 })).toEqual({ changed: 2, hasMore: true });
  expect(await Promise.all(ids.map(stateOf))).toEqual([
    'cancelled',
    'cancelled',
    'queued',
    'queued',
    'queued',
  ]);
  expect(await cancelMany({ limit: 2 })).toEqual({ changed: 2, hasMore: true });
  expect(await cancelMany({ limit: 1 })).toEqual({ changed: 1, hasMore: false });
  expect(await retryMany({ limit: 4 })).toEqual({ changed: 4, hasMore: true });
  expect(await retryMany({ limit: 4 })).toEqual({ changed: 1, hasMore: false });
});

test('a thousand jobs are cancelled and queued again in one call each', async () => {
  const { id } = await fixture.accept();
  await fixture.sql`
    insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
    select 'job_' || lpad(n::text, 26, '0'), portfolio_id, kind, title, state, group_key, payload, requested_by,
      max_attempts, last_seq
    from jobs, generate_series(1, 1000) n where id = ${id}`;
  expect(await cancelMany()).toEqual({ changed: 1000, hasMore: true });
  expect(await cancelMany()).toEqual({ changed: 1, hasMore: false });
  expect(await retryMany()).toEqual({ changed: 1000, hasMore: true });
});

test('cancelling jobs does not wait for attempts that have locked their lease', async () => {
  const lease = await fixture.claimed();
  await fixture.db.transaction(async (tx) => {
    expect(await transitions.lockLease(tx, lease)).toBe(true);
    expect(await cancelMany()).toEqual({ changed: 1, hasMore: false });
  });
});

test('concurrent calls change each job once', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) ids.push((await fixture.accept()).id);
  const answers = await Promise.all([1, 2, 3, 4].map(() => cancelMany({ limit: 5 })));
  const changed = answers.reduce((sum, answer) => sum + answer.changed, 0);
  const ended = await fixture.db.$count(jobs, eq(jobs.state, 'cancelled'));
  expect(changed).toBe(ended);
  for (const id of ids) expect((await fixture.eventsOf(id)).length).toBeLessThanOrEqual(2);
});

test('jobs of another portfolio are never changed', async () => {
  const { id } = await operations.caseStudy.export.run(ctx(), { portfolio: 'other', slug: 'study' });
  expect(await cancelMany()).toEqual({ changed: 0, hasMore: false });
  expect(await stateOf(id)).toBe('queued');
  await fixture.cancel(id);
  expect(await retryMany()).toEqual({ changed: 0, hasMore: false });
  expect(await stateOf(id)).toBe('cancelled');
});

test('non-members and viewers are refused, and nothing changes', async () => {
  const { id } = await fixture.accept();
  await fixture.addMember(fixture.portfolioId, 'viewer', 'viewer');
  for (const [who, code] of [
    ['non-member', 'not_found'],
    ['viewer', 'forbidden'],
  ] as const) {
    const caller = fixture.as(user(who));
    await expect(operations.job.cancelMany.run(caller, { portfolio })).rejects.toMatchObject({ code });
    await expect(operations.job.retryMany.run(caller, { portfolio })).rejects.toMatchObject({ code });
  }
  expect(await stateOf(id)).toBe('queued');
});

test('unsuitable states, an empty list of states and a limit out of range are refused', async () => {
  const refused = { code: 'invalid_input' };
  for (const filter of [{ state: ['succeeded'] }, { state: [] }, { limit: 0 }, { limit: 1001 }]) {
    await expect(cancelMany(filter as Filter)).rejects.toMatchObject(refused);
    await expect(retryMany(filter as RetryFilter)).rejects.toMatchObject(refused);
  }
});
