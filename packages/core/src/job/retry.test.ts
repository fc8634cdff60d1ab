import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failure, type JobFixture, jobFixture, result } from '../../../../tests/support/jobs.ts';
import { user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

test('a failed job is queued again, wakes a worker, and can succeed', async () => {
  const id = await fixture.failed();
  const woken: string[] = [];
  const asked = {
    ...fixture.as(user('owner')),
    wakeUps: { notify: (kind: string) => void woken.push(kind) },
  };
  const job = await operations.job.retry.run(asked, { id });
  expect(job).toMatchObject({ state: 'queued', error: null, finishedAt: null, startedAt: null, progress: 0 });
  expect(woken).toEqual(['export.pdf']);
  expect(await fixture.queue()).toContain(id);
  await transitions.end(fixture.db, await fixture.claim(id), { type: 'succeeded', result });
  expect(await fixture.read(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
  const events = await fixture.eventsOf(id);
  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(events[3]).toMatchObject({ type: 'requeued', state: 'queued', error: null });
});

test('a retried job gets as many attempts as a new one, and their numbers never repeat', async () => {
  const id = await fixture.failed();
  expect(await fixture.retry(id)).toMatchObject({ attempt: 1, maxAttempts: 6 });
  await transitions.end(fixture.db, await fixture.claim(id), { type: 'failed', error: failure });
  expect(await fixture.retry(id)).toMatchObject({ attempt: 2, maxAttempts: 7 });
});

test('a cancelled and a dead job can be retried, too', async () => {
  const { id: cancelled } = await fixture.accept();
  await fixture.cancel(cancelled);
  const { id: dead } = await fixture.claimed();
  await fixture.change(dead, { attempt: sql`max_attempts` });
  await fixture.expire(dead);
  await transitions.reapLost(fixture.db);
  for (const id of [cancelled, dead]) {
    expect(await fixture.retry(id)).toMatchObject({ state: 'queued', cancelRequestedAt: null });
    expect(
      await transitions.end(fixture.db, await fixture.claim(id), { type: 'succeeded', result }),
    ).toBeDefined();
  }
});

test('a job that is queued, runs or has succeeded cannot be retried', async () => {
  const { id: queued } = await fixture.accept();
  const { id: running } = await fixture.claimed();
  const { id: cancelling } = await fixture.claimed();
  await fixture.cancel(cancelling);
  for (const id of [queued, running, cancelling, await fixture.succeeded()]) {
    const before = await fixture.read(id);
    await expect(fixture.retry(id)).rejects.toMatchObject({ code: 'conflict' });
    expect(await fixture.read(id)).toEqual(before);
  }
});

test('of many concurrent retries, one is carried out', async () => {
  const id = await fixture.failed();
  const asked = await Promise.allSettled(Array.from({ length: 8 }, () => fixture.retry(id)));
  expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(await fixture.read(id)).toMatchObject({ state: 'queued', lastSeq: 4, maxAttempts: 6 });
});

test('only members who may change jobs can retry one, and non-members find none', async () => {
  const id = await fixture.failed();
  await fixture.addMember(fixture.portfolioId, 'viewer', 'viewer');
  const retryAs = (who: string) => operations.job.retry.run(fixture.as(user(who)), { id });
  await expect(retryAs('non-member')).rejects.toMatchObject({ code: 'not_found' });
  await expect(retryAs('viewer')).rejects.toMatchObject({ code: 'forbidden' });
  expect(await fixture.read(id)).toMatchObject({ state: 'failed' });
});
