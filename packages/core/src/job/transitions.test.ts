import { type SQL, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  claimJob,
  failure,
  type JobFixture,
  jobFixture,
  leaseSeconds,
  owner,
  result,
  study,
} from '../../../../tests/support/jobs.ts';
import { operations } from '../index.ts';
import { idOf } from '../ids.ts';
import { traceparentOf } from '../telemetry/trace.ts';
import { enqueueDue } from './due.ts';
import { jobStateSchema } from './schemas.ts';
import { type Outcome, moves, transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

const retrying: Outcome = { type: 'retrying', error: failure, delaySeconds: 3600 };

describe('accepting', () => {
  test('stores the job and its first event, makes it claimable, and wakes a worker', async () => {
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
    expect(await fixture.queue()).toEqual([job.id]);
    expect(await fixture.queues.receive('export.pdf', 5)).toMatchObject([{ body: '{"kind":"export.pdf"}' }]);
  });

  test('makes a job claimable even if no worker was woken', async () => {
    const unwoken = { ...fixture.as(owner), wakeUps: { notify() {} } };
    const job = await operations.caseStudy.export.run(unwoken, study);
    expect(await fixture.queue()).toContain(job.id);
  });

  test('stores many jobs in one statement, in order', async () => {
    const { id } = await fixture.accept();
    const { portfolioId } = fixture;
    const job = { portfolioId, kind: 'export.pdf', title: 'PDF', payload: {}, priority: 'low' } as const;
    const ids = Array.from({ length: 5 }, (_, at) => `${id}${at}`);
    await transitions.accept(
      fixture.db,
      ids.map((one) => ({
        ...job,
        id: one,
        groupKey: one,
        requestedBy: 'owner',
        traceparent: traceparentOf(),
        maxAttempts: 5,
      })),
    );
    expect((await fixture.queue()).slice(-5)).toEqual(ids);
    for (const one of ids)
      expect(await fixture.eventsOf(one)).toMatchObject([{ seq: 1, type: 'queued', state: 'queued' }]);
  });
});

describe('a lease', () => {
  test('is given to only one of many concurrent claims', async () => {
    const { id } = await fixture.accept();
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => claimJob(fixture.db, fixture.leaseOn(id), leaseSeconds)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await fixture.read(id)).toMatchObject({ state: 'running', attempt: 1 });
  });

  test('lets only its owner write', async () => {
    const lease = await fixture.claimed();
    const other = { id: lease.id, token: randomUUID() };
    for (const write of [
      transitions.progress(fixture.db, other, { progress: 0.5, step: 'stolen' }),
      transitions.end(fixture.db, other, { type: 'succeeded', result }),
      transitions.end(fixture.db, other, retrying),
      transitions.end(fixture.db, other, { type: 'failed', error: failure }),
      transitions.acknowledgeCancel(fixture.db, other),
    ]) {
      expect(await write).toBeUndefined();
    }
    for (const write of [
      transitions.heartbeat(fixture.db, [other], leaseSeconds),
      transitions.endMany(fixture.db, [{ lease: other, outcome: { type: 'succeeded', result } }]),
      transitions.undoClaim(fixture.db, other.token, failure),
    ]) {
      expect(await write).toEqual([]);
    }
    expect(await fixture.read(lease.id)).toMatchObject({ state: 'running', progress: 0, lastSeq: 2 });
    expect(await transitions.end(fixture.db, lease, { type: 'succeeded', result })).toBeDefined();
  });

  test('that expired makes the job claimable again, and its former owner cannot write', async () => {
    const lease = await fixture.claimed();
    await fixture.expire(lease.id);
    expect((await transitions.reapLost(fixture.db)).map(({ id }) => id)).toContain(lease.id);
    expect(await fixture.read(lease.id)).toMatchObject({ state: 'queued', error: { code: 'worker_lost' } });
    expect(await fixture.queue()).toContain(lease.id);
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
    expect(await transitions.heartbeat(fixture.db, [lease], leaseSeconds)).toMatchObject([
      { isRenewed: true },
    ]);
  });
});

describe('a retry', () => {
  test('waits until the sweep finds that its time has come, then can be claimed', async () => {
    const lease = await fixture.claimed();
    await transitions.end(fixture.db, lease, retrying);
    const waiting = await fixture.read(lease.id);
    expect(waiting).toMatchObject({ state: 'queued', error: failure });
    expect(Date.parse(waiting.retryAt!) - Date.parse(waiting.updatedAt)).toBeCloseTo(3_600_000, -3);
    expect(await enqueueDue(fixture.db)).toEqual([]);
    expect(await claimJob(fixture.db, fixture.leaseOn(lease.id), leaseSeconds)).toBeUndefined();

    await fixture.sql`update job_queue set run_at = now() where job_id = ${lease.id}`;
    await fixture.change(lease.id, { runAt: sql`now()` });
    expect(await enqueueDue(fixture.db)).toEqual(['export.pdf']);
    expect(await claimJob(fixture.db, fixture.leaseOn(lease.id), leaseSeconds)).toMatchObject({ attempt: 2 });
  });
});

describe('the ends of several attempts', () => {
  const succeeded: Outcome = { type: 'succeeded', result };

  test('share one statement, whatever they are', async () => {
    const [won, lost, again, postponed] = [
      await fixture.claimed(),
      await fixture.claimed(),
      await fixture.claimed(),
      await fixture.claimed(),
    ];
    const stored = await transitions.endMany(fixture.db, [
      { lease: won, outcome: succeeded },
      { lease: lost, outcome: { type: 'failed', error: failure } },
      { lease: again, outcome: retrying },
      { lease: postponed, outcome: { type: 'postponed', error: failure, delaySeconds: 0 } },
    ]);
    expect(stored).toHaveLength(4);
    expect(await fixture.read(won.id)).toMatchObject({ state: 'succeeded', error: null, progress: 1 });
    expect(await fixture.read(lost.id)).toMatchObject({ state: 'failed', error: failure, result: null });
    expect(await fixture.read(again.id)).toMatchObject({ state: 'queued', error: failure, maxAttempts: 5 });
    expect(await fixture.read(postponed.id)).toMatchObject({ state: 'queued', maxAttempts: 6 });
    const types = [won, lost, again, postponed].map(
      async ({ id }) => (await fixture.eventsOf(id)).at(-1)!.type,
    );
    expect(await Promise.all(types)).toEqual(['succeeded', 'failed', 'retrying', 'postponed']);
  });

  test('do not wait for a job that another transaction has locked, and leave out lost and cancelled ones', async () => {
    const [good, locked, cancelled] = [
      await fixture.claimed(),
      await fixture.claimed(),
      await fixture.claimed(),
    ];
    await fixture.cancel(cancelled.id);
    const leases = [good, locked, cancelled, fixture.leaseOn(good.id)];
    await fixture.db.transaction(async (tx) => {
      await tx.execute(sql`select from jobs where id = ${locked.id} for update`);
      const ends = leases.map((lease) => ({ lease, outcome: succeeded }));
      const stored = await transitions.endMany(fixture.db, ends);
      expect(stored.map(({ id }) => id)).toEqual([good.id]);
    });
    expect(await transitions.end(fixture.db, locked, succeeded)).toBeDefined();
    expect(await fixture.read(cancelled.id)).toMatchObject({ state: 'running' });
  });

  test('can be found afterwards, if the answer to the statement was lost', async () => {
    const { id, token } = await fixture.claimed();
    expect(await transitions.hasEnded(fixture.db, id, 1, 'succeeded')).toBe(false);
    await transitions.end(fixture.db, { id, token }, succeeded);
    expect(await transitions.hasEnded(fixture.db, id, 1, 'succeeded')).toBe(true);
    expect(await transitions.hasEnded(fixture.db, id, 2, 'succeeded')).toBe(false);
    expect(await transitions.hasEnded(fixture.db, id, 1, 'failed')).toBe(false);
  });
});

test('undoing a claim queues all of its jobs again, and their attempts do not count', async () => {
  const ids = [(await fixture.accept()).id, (await fixture.accept()).id];
  const { token } = fixture.leaseOn('');
  for (const id of ids) await claimJob(fixture.db, { id, token }, leaseSeconds);
  expect(await transitions.undoClaim(fixture.db, token, failure)).toHaveLength(2);
  for (const id of ids) {
    expect(await fixture.read(id)).toMatchObject({
      state: 'queued',
      attempt: 1,
      maxAttempts: 6,
      error: failure,
    });
    expect(await fixture.queue()).toContain(id);
  }
});

describe('a heartbeat', () => {
  test('renews all leases together, and reports which are lost or to be cancelled', async () => {
    const [fine, cancelled, lost] = [
      await fixture.claimed(),
      await fixture.claimed(),
      await fixture.claimed(),
    ];
    await fixture.cancel(cancelled.id);
    await fixture.expire(lost.id);
    await transitions.reapLost(fixture.db);
    const found = await transitions.heartbeat(fixture.db, [fine, cancelled, lost], leaseSeconds);
    expect(new Map(found.map(({ id, isCancelled, isRenewed }) => [id, { isCancelled, isRenewed }]))).toEqual(
      new Map([
        [fine.id, { isCancelled: false, isRenewed: true }],
        [cancelled.id, { isCancelled: true, isRenewed: true }],
      ]),
    );
  });

  test('neither waits for a locked job nor reports it as lost', async () => {
    const [fine, locked] = [await fixture.claimed(), await fixture.claimed()];
    await fixture.db.transaction(async (tx) => {
      await tx.execute(sql`select from jobs where id = ${locked.id} for update`);
      const found = await transitions.heartbeat(fixture.db, [fine, locked], leaseSeconds);
      expect(new Map(found.map(({ id, isRenewed }) => [id, isRenewed]))).toEqual(
        new Map([
          [fine.id, true],
          [locked.id, false],
        ]),
      );
    });
  });
});

test('the reaper cannot take a job whose lease is locked until the transaction ends', async () => {
  const lease = await fixture.claimed();
  await fixture.expire(lease.id);
  await fixture.db.transaction(async (tx) => {
    expect(await transitions.lockLease(tx, lease)).toBe(true);
    expect(await transitions.reapLost(fixture.db)).toEqual([]);
    const found = await transitions.heartbeat(fixture.db, [lease], leaseSeconds);
    expect(found).toMatchObject([{ isRenewed: true }]);
    await fixture.expire(lease.id);
  });
  expect(await transitions.reapLost(fixture.db)).toHaveLength(1);
  expect(await fixture.db.transaction((tx) => transitions.lockLease(tx, lease))).toBe(false);
  expect(await fixture.read(lease.id)).toMatchObject({ state: 'queued' });
});

describe('events', () => {
  test('number every change from 1 without a gap', async () => {
    const lease = await fixture.claimed();
    for (const progress of [0.25, 0.5]) {
      await transitions.progress(fixture.db, lease, { progress, step: 'Working' });
    }
    await transitions.end(fixture.db, lease, { ...retrying, delaySeconds: 0 });
    const second = fixture.leaseOn(lease.id);
    await claimJob(fixture.db, second, leaseSeconds);
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
    dead: ['running', 'dead'],
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

test('no index follows what heartbeats and progress write, so that these updates stay on their page', async () => {
  const written = ['lease_until', 'progress', 'step', 'last_seq', 'updated_at'];
  const indexes = await fixture.sql<{ definition: string }[]>`
    select pg_get_indexdef(indexrelid) as definition from pg_index where indrelid = 'jobs'::regclass`;
  expect(indexes.length).toBeGreaterThan(5);
  for (const { definition } of indexes)
    for (const column of written) expect(definition).not.toMatch(new RegExp(String.raw`\b${column}\b`));
});
