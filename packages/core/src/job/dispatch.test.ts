import { eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JobFixture, jobFixture, leaseSeconds, owner, result } from '../../../../tests/support/jobs.ts';
import { operations } from '../index.ts';
import { relayOutbox } from '../runtime/relay.ts';
import { queueJob } from './accept.ts';
import { dispatch, maxInFlight, requeueLostMessages } from './dispatch.ts';
import { jobs, outbox } from './job.sql.ts';
import type { JobPriority } from './priority.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
beforeEach(async () => {
  // What an operation of the test before has enqueued must not take the rows of this one.
  await fixture.outboxNotifier.idle();
  await fixture.db.delete(jobs);
});
afterAll(() => fixture.stop());

let number = 0;
/** Queues a job without a study behind it; resolves to its id. */
async function queued({
  portfolioId = fixture.portfolioId,
  groupKey = `group-${(number += 1)}`,
  priority,
}: { portfolioId?: string; groupKey?: string; priority?: JobPriority } = {}) {
  const payload = { caseStudyId: 'cs_none' };
  const ask = { kind: 'export.pdf' as const, subject: 'a study', payload, requestedBy: 'owner' };
  const { id } = await queueJob(fixture.db, { ...ask, portfolioId, groupKey, priority });
  await dispatch(fixture.db, portfolioId);
  return id;
}
const many = (count: number, of: Parameters<typeof queued>[0] = {}) =>
  Promise.all(Array.from({ length: count }, () => queued(of)));
const enqueued = async () =>
  (await fixture.db.select().from(outbox).orderBy(outbox.id)).map(({ jobId }) => jobId);
const claim = (id: string) => transitions.claim(fixture.db, fixture.leaseOn(id), leaseSeconds);
const portfolio = async (slug: string) =>
  (await operations.portfolio.create.run(fixture.as(owner), { slug, name: slug })).id;

describe('jobs of one group', () => {
  test('are enqueued one at a time, in the order in which they were asked for', async () => {
    const ids = [];
    for (let at = 0; at < 4; at++) ids.push(await queued({ groupKey: 'same' }));
    for (const [at, id] of ids.entries()) {
      expect(await enqueued()).toEqual(ids.slice(0, at + 1));
      const lease = await fixture.claim(id);
      expect(await dispatch(fixture.db)).toBe(0);
      await transitions.succeed(fixture.db, lease, result);
      await dispatch(fixture.db);
    }
  });

  test('get the priority of one that has to wait for them, and never a lower one', async () => {
    const ask = async (priority: JobPriority) =>
      operations.caseStudy.export.run(fixture.as(owner), { portfolio: 'team', slug: 'faster', priority });
    const first = await ask('low');
    const urgent = await ask('high');
    await ask('low');
    expect((await fixture.read(first.id)).priority).toBe('high');
    expect((await fixture.read(urgent.id)).priority).toBe('high');
  });

  test('wait for one that is to be tried again', async () => {
    const first = await queued({ groupKey: 'same' });
    const second = await queued({ groupKey: 'same' });
    const lease = await fixture.claim(first);
    await transitions.retry(fixture.db, lease, { code: 'internal', message: 'Later.' }, 3600);
    expect(await dispatch(fixture.db)).toBe(0);
    expect(await claim(second)).toBeUndefined();

    await transitions.cancel(fixture.db, first);
    expect(await dispatch(fixture.db)).toBe(1);
    expect(await claim(second)).toBeDefined();
  });

  test('are never claimed before their turn, whatever message comes', async () => {
    const ids = [];
    for (let at = 0; at < 3; at++) ids.push(await queued({ groupKey: 'same' }));
    expect(await claim(ids[2]!)).toBeUndefined();
    expect(await claim(ids[1]!)).toBeUndefined();
    expect(await claim(ids[0]!)).toBeDefined();
    expect(await claim(ids[1]!)).toBeUndefined();
  });

  test('of which one is queued again by hand, go on before it', async () => {
    const first = await queued({ groupKey: 'same' });
    await transitions.fail(fixture.db, await fixture.claim(first), { code: 'internal', message: 'No.' });
    const second = await queued({ groupKey: 'same' });
    await transitions.requeue(fixture.db, first);
    expect(await claim(first)).toBeUndefined();
    expect(await claim(second)).toBeDefined();
  });

  test('never run two at a time, even where both are asked for and claimed at once', async () => {
    for (let round = 0; round < 10; round++) {
      const groupKey = `round-${round}`;
      const claims = Array.from({ length: 5 }, async () => claim(await queued({ groupKey })));
      const claimed = (await Promise.all(claims)).filter(Boolean);
      expect(claimed.length).toBeLessThanOrEqual(1);
      const running = sql`${jobs.groupKey} = ${groupKey} and ${jobs.state} = 'running'`;
      expect(await fixture.db.$count(jobs, running)).toBe(claimed.length);
    }
  });

  test('are refused once a hundred of them wait', async () => {
    const at = { portfolio: 'team', slug: 'wanted' };
    await operations.caseStudy.create.run(fixture.as(owner), { ...at, title: 'Wanted' });
    const ask = () => operations.caseStudy.export.run(fixture.as(owner), at);
    const { id } = await ask();
    await fixture.sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      select 'job_' || n, portfolio_id, kind, title, state, group_key, payload, requested_by, 5, 1
      from jobs, generate_series(1, 99) n where id = ${id}`;
    await expect(ask()).rejects.toMatchObject({ code: 'conflict' });
    await fixture.cancel(id);
    expect(await ask()).toMatchObject({ state: 'queued' });
  });

  test('cannot run two at a time in the database itself', async () => {
    const [first, second] = [await queued({ groupKey: 'same' }), await queued({ groupKey: 'same' })];
    await claim(first);
    const values = { state: sql`'running'`, lastSeq: sql`last_seq + 1`, leaseToken: sql`gen_random_uuid()` };
    await expect(fixture.change(second, values)).rejects.toMatchObject({
      cause: { constraint_name: 'jobs_group_running' },
    });
  });
});

describe('a portfolio', () => {
  test('has so many jobs on their way at most; each that ends makes room for the next', async () => {
    const ids: string[] = [];
    for (let at = 0; at < maxInFlight + 5; at++) ids.push(await queued());
    const [first] = await enqueued();
    expect(await fixture.db.$count(outbox)).toBe(maxInFlight);

    const lease = await fixture.claim(first!);
    expect(await dispatch(fixture.db)).toBe(0);
    await transitions.succeed(fixture.db, lease, result);
    expect(await dispatch(fixture.db, fixture.portfolioId)).toBe(1);
    expect(new Set(await enqueued()).size).toBe(maxInFlight + 1);
    expect(ids).toEqual(expect.arrayContaining(await enqueued()));
  });

  test('with ten thousand jobs does not keep those of another from the queue', async () => {
    await fixture.sql`
      insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq)
      select 'job_' || n, ${fixture.portfolioId}, 'export.pdf', 'PDF', 'queued', 'crowd-' || n, '{}', 'owner', 5, 1
      from generate_series(1, 10000) n`;
    await dispatch(fixture.db);
    const other = await queued({ portfolioId: await portfolio('quiet') });
    const order = await enqueued();
    expect(order.indexOf(other)).toBe(maxInFlight);
  });

  test('has its urgent jobs enqueued first, then the older ones', async () => {
    for (let at = 0; at < maxInFlight; at++) await queued();
    const [low, normal, high] = [
      await queued({ priority: 'low' }),
      await queued({ priority: 'normal' }),
      await queued({ priority: 'high' }),
    ];
    const urgent = [high, normal, low];
    for (const [at, id] of urgent.entries()) {
      await transitions.cancel(fixture.db, (await enqueued())[at]!);
      await dispatch(fixture.db);
      expect((await enqueued()).at(-1)).toBe(id);
    }
  });
});

describe('a job', () => {
  test('that two dispatch at once gets one message', async () => {
    const ids = await many(10);
    await fixture.db.delete(outbox);
    await fixture.db.update(jobs).set({ enqueuedAt: null }).where(inArray(jobs.id, ids));
    const counts = await Promise.all([1, 2, 3].map(() => dispatch(fixture.db)));
    expect(counts.reduce((sum, count) => sum + count)).toBe(10);
    expect((await enqueued()).toSorted()).toEqual(ids.toSorted());
  });

  test('that was put back is dispatched again after its wait', async () => {
    const id = await queued();
    await transitions.putBack(fixture.db, id, 3600);
    expect(await dispatch(fixture.db)).toBe(0);
    expect(await claim(id)).toBeUndefined();
    await fixture.change(id, { runAt: sql`now()` });
    expect(await dispatch(fixture.db)).toBe(1);
  });

  test('that runs or waits for a retry is not put back by a message that comes late', async () => {
    const id = await queued();
    const lease = await fixture.claim(id);
    expect(await transitions.putBack(fixture.db, id, 1)).toBeUndefined();
    await transitions.retry(fixture.db, lease, { code: 'internal', message: 'Later.' }, 3600);
    expect(await transitions.putBack(fixture.db, id, 1)).toBeUndefined();
  });

  test('whose message was not heard of for long gets another, unless the queue has yet to get the first', async () => {
    const id = await queued();
    await fixture.change(id, { enqueuedAt: sql`now() - interval '10 minutes'` });
    expect(await requeueLostMessages(fixture.db, 300)).toBe(0);
    await relayOutbox(fixture.db, fixture.queue);
    expect(await requeueLostMessages(fixture.db, 3600)).toBe(0);
    expect(await requeueLostMessages(fixture.db, 300)).toBe(1);
    expect(await dispatch(fixture.db)).toBe(1);
    expect(await enqueued()).toEqual([id]);
  });
});

describe('an attempt that does not count', () => {
  test('leaves the job as many as it had', async () => {
    const id = await queued();
    const before = await fixture.read(id);
    const lease = await fixture.claim(id);
    await transitions.postpone(fixture.db, lease, { code: 'unavailable', message: 'Away.' }, 0);
    const after = await fixture.read(id);
    expect(after.maxAttempts - after.attempt).toBe(before.maxAttempts - before.attempt);
    expect((await fixture.eventsOf(id)).map(({ type }) => type)).toEqual(['queued', 'started', 'postponed']);
  });
});

describe('a job whose message the queue gave up', () => {
  test('is dead, says why, and can be queued again', async () => {
    const id = await queued();
    expect(await transitions.markUndeliveredDead(fixture.db, id)).toBeDefined();
    expect(await fixture.read(id)).toMatchObject({ state: 'dead', error: { code: 'undeliverable' } });
    expect(await fixture.retry(id)).toMatchObject({ state: 'queued', error: null });
  });

  test('is left alone while a worker has it, while it waits, and when it has ended', async () => {
    const id = await queued();
    const lease = await fixture.claim(id);
    expect(await transitions.markUndeliveredDead(fixture.db, id)).toBeUndefined();
    await transitions.retry(fixture.db, lease, { code: 'internal', message: 'Later.' }, 3600);
    expect(await transitions.markUndeliveredDead(fixture.db, id)).toBeUndefined();
    await transitions.cancel(fixture.db, id);
    expect(await transitions.markUndeliveredDead(fixture.db, id)).toBeUndefined();
  });
});

test('what an attempt holds is out of reach of the reaper until its transaction ends', async () => {
  const id = await queued();
  const lease = await fixture.claim(id);
  await fixture.expire(id);
  await fixture.db.transaction(async (tx) => {
    expect(await transitions.lockLease(tx, lease)).toBe(true);
    expect(await transitions.reapLost(fixture.db)).toEqual([]);
    expect(await transitions.heartbeat(fixture.db, lease, leaseSeconds)).toBeDefined();
    await fixture.expire(id);
  });
  expect(await transitions.reapLost(fixture.db)).toHaveLength(1);
  expect(await fixture.db.transaction((tx) => transitions.lockLease(tx, lease))).toBe(false);
  expect(await fixture.db.select().from(jobs).where(eq(jobs.id, id))).toMatchObject([{ state: 'queued' }]);
});
