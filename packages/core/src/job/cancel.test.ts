import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failure, type JobScene, jobScene, leaseSeconds, result } from '../../../../tests/support/jobs.ts';
import { user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { transitions } from './transitions.ts';

let scene: JobScene;
beforeAll(async () => {
  scene = await jobScene();
});
afterAll(() => scene.stop());

const typesOf = async (id: string) => (await scene.eventsOf(id)).map(({ type }) => type);

describe('a cancelled job', () => {
  test('that was queued has ended at once, and no worker gets it', async () => {
    const { id } = await scene.accept();
    expect(await scene.cancel(id)).toMatchObject({
      state: 'cancelled',
      cancelRequestedAt: expect.any(String),
      finishedAt: expect.any(String),
    });
    expect(await typesOf(id)).toEqual(['queued', 'cancelled']);
    expect(await transitions.claim(scene.db, scene.leaseOn(id), leaseSeconds)).toBeUndefined();
  });

  test('that waited for its next attempt has ended at once, too', async () => {
    const lease = await scene.claimed();
    await transitions.retry(scene.db, lease, failure, 3600);
    expect(await scene.cancel(lease.id)).toMatchObject({ state: 'cancelled', retryAt: null });
  });

  test('that runs goes on until its worker lets go, and then has ended', async () => {
    const lease = await scene.claimed();
    expect(await scene.cancel(lease.id)).toMatchObject({ state: 'running', finishedAt: null });
    expect(await transitions.heartbeat(scene.db, lease, leaseSeconds)).toEqual({
      cancelRequestedAt: expect.any(String),
    });
    expect(await transitions.obeyCancel(scene.db, lease)).toBeDefined();
    expect(await scene.read(lease.id)).toMatchObject({ state: 'cancelled', result: null });
    expect(await typesOf(lease.id)).toEqual(['queued', 'started', 'cancelling', 'cancelled']);
  });

  test('that runs ends in no other way once the cancel was accepted', async () => {
    const lease = await scene.claimed();
    await scene.cancel(lease.id);
    expect(await transitions.succeed(scene.db, lease, result)).toBeUndefined();
    expect(await transitions.fail(scene.db, lease, failure)).toBeUndefined();
    expect(await transitions.retry(scene.db, lease, failure, 0)).toBeUndefined();
    expect(await transitions.obeyCancel(scene.db, scene.leaseOn(lease.id))).toBeUndefined();
    expect(await scene.read(lease.id)).toMatchObject({ state: 'running' });
  });

  test('whose worker is lost is ended by the reaper, with attempts left or without', async () => {
    for (const attempt of [sql`1`, sql`max_attempts`]) {
      const lease = await scene.claimed();
      await scene.cancel(lease.id);
      await scene.change(lease.id, { attempt, leaseUntil: sql`now() - interval '1 second'` });
      expect((await transitions.reapLost(scene.db)).map(({ id }) => id)).toContain(lease.id);
      expect(await scene.read(lease.id)).toMatchObject({ state: 'cancelled' });
    }
  });

  test('stays as it is when it is cancelled again, before and after its end', async () => {
    const lease = await scene.claimed();
    const first = await scene.cancel(lease.id);
    expect(await scene.cancel(lease.id)).toEqual(first);
    await transitions.obeyCancel(scene.db, lease);
    const ended = await scene.read(lease.id);
    expect(await scene.cancel(lease.id)).toEqual(ended);
  });
});

test('a worker cannot end as cancelled what nobody wants cancelled', async () => {
  const lease = await scene.claimed();
  expect(await transitions.obeyCancel(scene.db, lease)).toBeUndefined();
});

test('a job that has ended cannot be cancelled, and says how it ended', async () => {
  for (const id of [await scene.failed(), await scene.succeeded()]) {
    const before = await scene.read(id);
    await expect(scene.cancel(id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`is ${before.state}`),
    });
    expect(await scene.read(id)).toEqual(before);
  }
});

test('of a cancel and a success at the same time one wins, and the other is told so', async () => {
  for (let round = 0; round < 60; round++) {
    const lease = await scene.claimed();
    // A cancel takes some round trips to reach the job: the success comes a little later in each round.
    const succeed = async () => {
      for (let late = 0; late < round % 12; late++) await scene.sql`select 1`;
      return transitions.succeed(scene.db, lease, result);
    };
    const [cancelled, succeeded] = await Promise.allSettled([scene.cancel(lease.id), succeed()]);
    const won = succeeded.status === 'fulfilled' && succeeded.value !== undefined;
    if (!won) await transitions.obeyCancel(scene.db, lease);
    const { state } = await scene.read(lease.id);
    expect([cancelled.status, state]).toEqual(won ? ['rejected', 'succeeded'] : ['fulfilled', 'cancelled']);
    expect((await typesOf(lease.id)).at(-1)).toBe(state);
  }
});

test('of a cancel and a claim at the same time neither is lost: the job ends as cancelled', async () => {
  for (let round = 0; round < 20; round++) {
    const { id } = await scene.accept();
    const lease = scene.leaseOn(id);
    const [claimed, cancelled] = await Promise.all([
      transitions.claim(scene.db, lease, leaseSeconds),
      scene.cancel(id),
    ]);
    expect(cancelled.cancelRequestedAt).not.toBeNull();
    if (claimed) await transitions.obeyCancel(scene.db, lease);
    expect(await scene.read(id)).toMatchObject({ state: 'cancelled' });
  }
});

test('only members who may change jobs can cancel one, and strangers find none', async () => {
  const { id } = await scene.accept();
  await scene.addMember(scene.portfolioId, 'viewer', 'viewer');
  const asked = (who: string) => operations.job.cancel.run(scene.as(user(who)), { id });
  await expect(asked('stranger')).rejects.toMatchObject({ code: 'not_found' });
  await expect(asked('viewer')).rejects.toMatchObject({ code: 'forbidden' });
  expect(await scene.read(id)).toMatchObject({ state: 'queued', lastSeq: 1 });
});
