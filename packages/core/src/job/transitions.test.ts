import { type SQL, eq, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type JobScene,
  jobScene,
  leaseSeconds,
  owner,
  result,
  study,
} from '../../../../tests/support/jobs.ts';
import { operations } from '../index.ts';
import { idOf } from '../ids.ts';
import { outbox } from './job.sql.ts';
import { transitions } from './transitions.ts';

let scene: JobScene;
beforeAll(async () => {
  scene = await jobScene();
});
afterAll(() => scene.stop());

describe('accepting', () => {
  test('puts the job, its first event and its message in place at once', async () => {
    const job = await scene.accept();
    expect(idOf('job').parse(job.id)).toBe(job.id);
    expect(job).toMatchObject({
      state: 'queued',
      kind: 'export.pdf',
      attempt: 0,
      lastSeq: 1,
      requestedBy: 'owner',
    });
    expect(await scene.eventsOf(job.id)).toMatchObject([{ seq: 1, type: 'queued', state: 'queued' }]);
    expect((await scene.queue.receive(5, 30))?.jobId).toBe(job.id);
    await scene.doorbell.idle();
    expect(await scene.db.select().from(outbox)).toEqual([]);
  });

  test('keeps the message in the outbox while the queue is away', async () => {
    const job = await operations.caseStudy.export.run({ ...scene.as(owner), doorbell: { ring() {} } }, study);
    const rows = await scene.db.select().from(outbox).where(eq(outbox.jobId, job.id));
    expect(rows).toMatchObject([{ jobId: job.id, groupKey: expect.stringMatching(/^export:cs_/) }]);
  });
});

describe('a lease', () => {
  test('is given to one claimant only, however many ask at once', async () => {
    const { id } = await scene.accept();
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => transitions.claim(scene.db, scene.leaseOn(id), leaseSeconds)),
    );
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await scene.read(id)).toMatchObject({ state: 'running', attempt: 1 });
  });

  test('lets its holder alone write', async () => {
    const lease = await scene.claimed();
    const thief = { id: lease.id, token: randomUUID() };
    const error = { code: 'internal', message: 'x' };
    for (const write of [
      transitions.progress(scene.db, thief, { progress: 0.5, step: 'stolen' }),
      transitions.succeed(scene.db, thief, result),
      transitions.retry(scene.db, thief, error, 0),
      transitions.fail(scene.db, thief, error),
      transitions.heartbeat(scene.db, thief, leaseSeconds),
    ]) {
      expect(await write).toBeUndefined();
    }
    expect(await scene.read(lease.id)).toMatchObject({ state: 'running', progress: 0, lastSeq: 2 });
    expect(await transitions.succeed(scene.db, lease, result)).toBeDefined();
  });

  test('that ran out sends the job back to the queue with a new message, and shuts out the old holder', async () => {
    const lease = await scene.claimed();
    await scene.expire(lease.id);
    expect((await transitions.reapLost(scene.db)).map(({ id }) => id)).toContain(lease.id);
    expect(await scene.read(lease.id)).toMatchObject({ state: 'queued', error: { code: 'worker_lost' } });
    expect(await scene.db.select().from(outbox).where(eq(outbox.jobId, lease.id))).toHaveLength(1);
    expect(await transitions.succeed(scene.db, lease, result)).toBeUndefined();
  });

  test('that runs out in the last attempt leaves the job dead', async () => {
    const lease = await scene.claimed();
    await scene.change(lease.id, { attempt: sql`max_attempts` });
    await scene.expire(lease.id);
    await transitions.reapLost(scene.db);
    expect(await scene.read(lease.id)).toMatchObject({ state: 'dead', error: { code: 'worker_lost' } });
    expect((await scene.eventsOf(lease.id)).at(-1)).toMatchObject({ type: 'dead', state: 'dead' });
  });

  test('that is alive is left alone by the reaper', async () => {
    const lease = await scene.claimed();
    expect((await transitions.reapLost(scene.db)).map(({ id }) => id)).not.toContain(lease.id);
    expect(await transitions.heartbeat(scene.db, lease, leaseSeconds)).toBeDefined();
  });
});

describe('a retry', () => {
  test('waits for its time, then gets a message, then can be claimed', async () => {
    const lease = await scene.claimed();
    await transitions.retry(scene.db, lease, { code: 'internal', message: 'Try later.' }, 3600);
    const waiting = await scene.read(lease.id);
    expect(waiting).toMatchObject({ state: 'queued', error: { message: 'Try later.' } });
    expect(Date.parse(waiting.retryAt!) - Date.parse(waiting.updatedAt)).toBeCloseTo(3_600_000, -3);
    expect(await transitions.claim(scene.db, scene.leaseOn(lease.id), leaseSeconds)).toBeUndefined();
    expect((await transitions.ringDue(scene.db, 300)).map(({ id }) => id)).not.toContain(lease.id);

    await scene.change(lease.id, { runAt: sql`now()` });
    expect((await transitions.ringDue(scene.db, 300)).map(({ id }) => id)).toContain(lease.id);
    expect((await transitions.ringDue(scene.db, 300)).map(({ id }) => id)).not.toContain(lease.id);
    expect(await transitions.claim(scene.db, scene.leaseOn(lease.id), leaseSeconds)).toMatchObject({
      attempt: 2,
    });
  });

  test('is rung again when its message was not heard of for long', async () => {
    const { id } = await scene.accept();
    await scene.change(id, { rungAt: sql`now() - interval '10 minutes'` });
    expect((await transitions.ringDue(scene.db, 300)).map((due) => due.id)).toContain(id);
  });
});

describe('events', () => {
  test('number every change from 1 without a gap', async () => {
    const lease = await scene.claimed();
    for (const progress of [0.25, 0.5]) {
      await transitions.progress(scene.db, lease, { progress, step: 'Working' });
    }
    await transitions.retry(scene.db, lease, { code: 'internal', message: 'Again.' }, 0);
    const second = scene.leaseOn(lease.id);
    await transitions.claim(scene.db, second, leaseSeconds);
    await transitions.succeed(scene.db, second, result);
    const events = await scene.eventsOf(lease.id);
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
    expect((await scene.read(lease.id)).lastSeq).toBe(7);
  });
});

test('the database itself refuses states that no transition leads to', async () => {
  const id = await scene.succeeded();
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
    await expect(scene.change(id, values)).rejects.toMatchObject({
      cause: { constraint_name: expect.stringMatching(/^jobs_/) },
    });
  }
});
