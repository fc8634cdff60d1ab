import { type SQL, eq, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type JobFixture,
  jobFixture,
  leaseSeconds,
  owner,
  result,
  study,
} from '../../../../tests/support/jobs.ts';
import { operations } from '../index.ts';
import { idOf } from '../ids.ts';
import { dispatch } from './dispatch.ts';
import { outbox } from './job.sql.ts';
import { jobStateSchema } from './schemas.ts';
import { moves, transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

const countMessages = (id: string) => fixture.db.$count(outbox, eq(outbox.jobId, id));

describe('accepting', () => {
  test('stores the job, its first event and its message together', async () => {
    const job = await fixture.accept();
    expect(idOf('job').parse(job.id)).toBe(job.id);
    expect(job).toMatchObject({
      state: 'queued',
      kind: 'export.pdf',
      attempt: 0,
      lastSeq: 1,
      requestedBy: 'owner',
    });
    expect(await fixture.eventsOf(job.id)).toMatchObject([{ seq: 1, type: 'queued', state: 'queued' }]);
    expect((await fixture.queue.receive(5, 30))?.job).toEqual({ jobId: job.id, kind: 'export.pdf' });
    await fixture.wakeUps.idle();
    expect(await fixture.db.select().from(outbox)).toEqual([]);
  });

  test('stores the message in the outbox while the queue is unavailable', async () => {
    const job = await operations.caseStudy.export.run(
      { ...fixture.as(owner), wakeUps: { notify() {} } },
      study,
    );
    const rows = await fixture.db.select().from(outbox).where(eq(outbox.jobId, job.id));
    expect(rows).toMatchObject([{ jobId: job.id, groupKey: expect.stringMatching(/^export:cs_/) }]);
  });
});

describe('a lease', () => {
  test('is given to only one of many concurrent claims', async () => {
    const { id } = await fixture.accept();
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => transitions.claim(fixture.db, fixture.leaseOn(id), leaseSeconds)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await fixture.read(id)).toMatchObject({ state: 'running', attempt: 1 });
  });

  test('lets only its owner write', async () => {
    const lease = await fixture.claimed();
    const other = { id: lease.id, token: randomUUID() };
    const error = { code: 'internal', message: 'x' };
    for (const write of [
      transitions.progress(fixture.db, other, { progress: 0.5, step: 'stolen' }),
      transitions.end(fixture.db, other, { type: 'succeeded', result }),
      transitions.end(fixture.db, other, { type: 'retrying', error, delaySeconds: 0 }),
      transitions.end(fixture.db, other, { type: 'failed', error: error }),
      transitions.heartbeat(fixture.db, other, leaseSeconds),
    ]) {
      expect(await write).toBeUndefined();
    }
    expect(await fixture.read(lease.id)).toMatchObject({ state: 'running', progress: 0, lastSeq: 2 });
    expect(await transitions.end(fixture.db, lease, { type: 'succeeded', result })).toBeDefined();
  });

  test('that expired has the job dispatched again, and its former owner cannot write', async () => {
    const lease = await fixture.claimed();
    await fixture.expire(lease.id);
    expect((await transitions.reapLost(fixture.db)).map(({ id }) => id)).toContain(lease.id);
    expect(await fixture.read(lease.id)).toMatchObject({ state: 'queued', error: { code: 'worker_lost' } });
    await dispatch(fixture.db);
    expect(await fixture.db.select().from(outbox).where(eq(outbox.jobId, lease.id))).toHaveLength(1);
    expect(await transitions.end(fixture.db, lease, { type: 'succeeded', result })).toBeUndefined();
  });

  test('that expires in the last attempt makes the job dead', async () => {
    const lease = await fixture.claimed();
    await fixture.change(lease.id, { attempt: sql`max_attempts` });
    await fixture.expire(lease.id);
    await transitions.reapLost(fixture.db);
    expect(await fixture.read(lease.id)).toMatchObject({ state: 'dead', error: { code: 'worker_lost' } });
    expect((await fixture.eventsOf(lease.id)).at(-1)).toMatchObject({ type: 'dead', state: 'dead' });
  });

  test('that is valid is not reaped', async () => {
    const lease = await fixture.claimed();
    expect((await transitions.reapLost(fixture.db)).map(({ id }) => id)).not.toContain(lease.id);
    expect(await transitions.heartbeat(fixture.db, lease, leaseSeconds)).toBeDefined();
  });
});

describe('a retry', () => {
  test('waits until it is due, then gets a message, then can be claimed', async () => {
    const lease = await fixture.claimed();
    await transitions.retry(fixture.db, lease, { code: 'internal', message: 'Try later.' }, 3600);
    const waiting = await fixture.read(lease.id);
    expect(waiting).toMatchObject({ state: 'queued', error: { message: 'Try later.' } });
    expect(Date.parse(waiting.retryAt!) - Date.parse(waiting.updatedAt)).toBeCloseTo(3_600_000, -3);
    expect(await transitions.claim(fixture.db, fixture.leaseOn(lease.id), leaseSeconds)).toBeUndefined();
    await dispatch(fixture.db);
    expect(await countMessages(lease.id)).toBe(0);

    await fixture.change(lease.id, { runAt: sql`now()` });
    await dispatch(fixture.db);
    await dispatch(fixture.db);
    expect(await countMessages(lease.id)).toBe(1);
    expect(await transitions.claim(fixture.db, fixture.leaseOn(lease.id), leaseSeconds)).toMatchObject({
      attempt: 2,
    });
  });
});

describe('events', () => {
  test('number every change from 1 without a gap', async () => {
    const lease = await fixture.claimed();
    for (const progress of [0.25, 0.5]) {
      await transitions.progress(fixture.db, lease, { progress, step: 'Working' });
    }
    await transitions.retry(fixture.db, lease, { code: 'internal', message: 'Again.' }, 0);
    const second = fixture.leaseOn(lease.id);
    await transitions.claim(fixture.db, second, leaseSeconds);
    await transitions.end(fixture.db, second, { type: 'succeeded', result });
    const events = await fixture.eventsOf(lease.id);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(events.map(({ type }) => type)).toEqual([
      'queued',
      'started',
      'progress',
      'progress',
      'retrying',
      'started',
      'succeeded',
    ]);
    expect((await fixture.read(lease.id)).lastSeq).toBe(7);
  });
});

test('the database itself refuses states that no transition leads to', async () => {
  const id = await fixture.succeeded();
  const impossible: Record<string, SQL>[] = [
    { state: sql`'lost'` },
    { state: sql`'running'` },
    { state: sql`'queued'` },
    { state: sql`'failed'` },
    { leaseToken: sql`gen_random_uuid()` },
    { result: sql`null` },
    { finishedAt: sql`null` },
    { cancelRequestedAt: sql`now()` },
  ];
  for (const values of impossible) {
    await expect(fixture.change(id, values)).rejects.toMatchObject({
      cause: { constraint_name: expect.stringMatching(/^jobs_/) },
    });
  }
});

describe('the moves of a job', () => {
  const states = jobStateSchema.options;
  const pairs = states
    .flatMap((from) => states.map((to) => [from, to] as const))
    .filter(([from, to]) => from !== to);

  /** The values that the other columns must have for a state. */
  const becomes = (state: (typeof states)[number]) => ({
    state: sql`${state}`,
    lastSeq: sql`last_seq + 1`,
    leaseToken: state === 'running' ? sql`gen_random_uuid()` : sql`null`,
    leaseUntil: state === 'running' ? sql`now()` : sql`null`,
    finishedAt: state === 'queued' || state === 'running' ? sql`null` : sql`now()`,
    cancelRequestedAt: state === 'cancelled' ? sql`now()` : sql`null`,
    result: state === 'succeeded' ? sql`${JSON.stringify(result)}::jsonb` : sql`null`,
  });
  const ways: Record<(typeof states)[number], (typeof states)[number][]> = {
    queued: [],
    running: ['running'],
    succeeded: ['running', 'succeeded'],
    failed: ['running', 'failed'],
    cancelled: ['cancelled'],
    dead: ['dead'],
  };

  test.each(pairs)('from %s to %s are possible in the database if the types allow them', async (from, to) => {
    const { id } = await fixture.accept();
    for (const state of ways[from]) await fixture.change(id, becomes(state));
    const move = fixture.change(id, becomes(to));
    const refusal = await move.then(
      () => null,
      ({ cause }: { cause: { constraint_name: string } }) => cause.constraint_name,
    );
    const isAllowed = (moves[from] as readonly string[]).includes(to);
    expect(refusal).toBe(isAllowed ? null : 'jobs_move');
    expect((await fixture.read(id)).state).toBe(isAllowed ? to : from);
  });

  test('each need exactly one event, without a gap', async () => {
    const { id } = await fixture.accept();
    for (const lastSeq of [sql`last_seq`, sql`last_seq + 2`]) {
      const silent = fixture.change(id, { ...becomes('running'), lastSeq });
      await expect(silent).rejects.toMatchObject({ cause: { constraint_name: 'jobs_move' } });
    }
    await expect(fixture.change(id, { lastSeq: sql`last_seq - 1` })).rejects.toMatchObject({
      cause: { constraint_name: 'jobs_move' },
    });
  });
});
