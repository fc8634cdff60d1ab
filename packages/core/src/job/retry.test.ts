import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure, type JobScene, jobScene, result } from '../../../../tests/support/jobs.ts';
import { user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { outbox } from './job.sql.ts';
import { transitions } from './transitions.ts';

let scene: JobScene;
beforeAll(async () => {
  scene = await jobScene();
});
afterAll(() => scene.stop());

test('a failed job goes back to the queue with its message, and runs to its end', async () => {
  const id = await scene.failed();
  await scene.doorbell.idle();
  const asked = { ...scene.as(user('owner')), doorbell: { ring() {} } };
  const job = await operations.job.retry.run(asked, { id });
  expect(job).toMatchObject({ state: 'queued', error: null, finishedAt: null, startedAt: null, progress: 0 });
  expect(await scene.db.select().from(outbox).where(eq(outbox.jobId, id))).toHaveLength(1);
  await transitions.succeed(scene.db, await scene.claim(id), result);
  expect(await scene.read(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
  const events = await scene.eventsOf(id);
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(events[3]).toMatchObject({ type: 'requeued', state: 'queued', error: null });
});

test('attempts are numbered on, as many as a new job has, so that no number comes twice', async () => {
  const id = await scene.failed();
  expect(await scene.retry(id)).toMatchObject({ attempt: 1, maxAttempts: 6 });
  await transitions.fail(scene.db, await scene.claim(id), failure);
  expect(await scene.retry(id)).toMatchObject({ attempt: 2, maxAttempts: 7 });
});

test('a cancelled and a dead job can be retried, too', async () => {
  const { id: cancelled } = await scene.accept();
  await scene.cancel(cancelled);
  const { id: dead } = await scene.claimed();
  await scene.change(dead, { attempt: sql`max_attempts` });
  await scene.expire(dead);
  await transitions.reapLost(scene.db);
  for (const id of [cancelled, dead]) {
    expect(await scene.retry(id)).toMatchObject({ state: 'queued', cancelRequestedAt: null });
    expect(await transitions.succeed(scene.db, await scene.claim(id), result)).toBeDefined();
  }
});

test('a job that is queued, runs or has succeeded cannot be retried', async () => {
  const { id: queued } = await scene.accept();
  const { id: running } = await scene.claimed();
  const { id: cancelling } = await scene.claimed();
  await scene.cancel(cancelling);
  for (const id of [queued, running, cancelling, await scene.succeeded()]) {
    const before = await scene.read(id);
    await expect(scene.retry(id)).rejects.toMatchObject({ code: 'conflict' });
    expect(await scene.read(id)).toEqual(before);
  }
});

test('of many retries at once one is carried out', async () => {
  const id = await scene.failed();
  const asked = await Promise.allSettled(Array.from({ length: 8 }, () => scene.retry(id)));
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await scene.read(id)).toMatchObject({ state: 'queued', lastSeq: 4, maxAttempts: 6 });
});

test('only members who may change jobs can retry one, and strangers find none', async () => {
  const id = await scene.failed();
  await scene.addMember(scene.portfolioId, 'viewer', 'viewer');
  const asked = (who: string) => operations.job.retry.run(scene.as(user(who)), { id });
  await expect(asked('stranger')).rejects.toMatchObject({ code: 'not_found' });
  await expect(asked('viewer')).rejects.toMatchObject({ code: 'forbidden' });
  expect(await scene.read(id)).toMatchObject({ state: 'failed' });
});
