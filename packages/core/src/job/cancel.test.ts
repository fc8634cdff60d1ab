import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  claimJob,
  failure,
  type JobFixture,
  jobFixture,
  leaseSeconds,
  result,
} from '../../../../tests/support/jobs.ts';
import { user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

const typesOf = async (id: string) => (await fixture.eventsOf(id)).map(({ type }) => type);

describe('a cancelled job', () => {
  test('that was queued ends immediately, and no worker gets it', async () => {
    const { id } = await fixture.accept();
    expect(await fixture.cancel(id)).toMatchObject({
      state: 'cancelled',
      cancelRequestedAt: expect.any(String),
      finishedAt: expect.any(String),
    });
    expect(await typesOf(id)).toEqual(['queued', 'cancelled']);
    expect(await claimJob(fixture.db, fixture.leaseOn(id), leaseSeconds)).toBeUndefined();
  });

  test('that waited for its next attempt ends immediately, too', async () => {
    const lease = await fixture.claimed();
    await transitions.end(fixture.db, lease, { type: 'retrying', error: failure, delaySeconds: 3600 });
    expect(await fixture.cancel(lease.id)).toMatchObject({ state: 'cancelled', retryAt: null });
  });

  test('that runs continues until its worker acknowledges, and then has ended', async () => {
    const lease = await fixture.claimed();
    expect(await fixture.cancel(lease.id)).toMatchObject({ state: 'running', finishedAt: null });
    expect(await transitions.heartbeat(fixture.db, [lease], leaseSeconds)).toMatchObject([
      { id: lease.id, isCancelled: true },
    ]);
    expect(await transitions.acknowledgeCancel(fixture.db, lease)).toBeDefined();
    expect(await fixture.read(lease.id)).toMatchObject({ state: 'cancelled', result: null });
    expect(await typesOf(lease.id)).toEqual(['queued', 'started', 'cancelling', 'cancelled']);
  });

  test('that runs cannot end in another way once its cancellation was accepted', async () => {
    const lease = await fixture.claimed();
    await fixture.cancel(lease.id);
    expect(await transitions.end(fixture.db, lease, { type: 'succeeded', result })).toBeUndefined();
    expect(await transitions.end(fixture.db, lease, { type: 'failed', error: failure })).toBeUndefined();
    expect(
      await transitions.end(fixture.db, lease, { type: 'retrying', error: failure, delaySeconds: 0 }),
    ).toBeUndefined();
    expect(await transitions.acknowledgeCancel(fixture.db, fixture.leaseOn(lease.id))).toBeUndefined();
    expect(await fixture.read(lease.id)).toMatchObject({ state: 'running' });
  });

  test('whose worker is lost is ended by the reaper, with or without attempts left', async () => {
    for (const attempt of [sql`1`, sql`max_attempts`]) {
      const lease = await fixture.claimed();
      await fixture.cancel(lease.id);
      await fixture.change(lease.id, { attempt, leaseUntil: sql`now() - interval '1 second'` });
      expect((await transitions.reapLost(fixture.db)).map(({ id }) => id)).toContain(lease.id);
      expect(await fixture.read(lease.id)).toMatchObject({ state: 'cancelled' });
    }
  });

  test('does not change when it is cancelled again, before and after its end', async () => {
    const lease = await fixture.claimed();
    const first = await fixture.cancel(lease.id);
    expect(await fixture.cancel(lease.id)).toEqual(first);
    await transitions.acknowledgeCancel(fixture.db, lease);
    const ended = await fixture.read(lease.id);
    expect(await fixture.cancel(lease.id)).toEqual(ended);
  });
});

test('a worker cannot end a job as cancelled if no cancellation was requested', async () => {
  const lease = await fixture.claimed();
  expect(await transitions.acknowledgeCancel(fixture.db, lease)).toBeUndefined();
});

test('a job that has ended cannot be cancelled, and the error has its state', async () => {
  for (const id of [await fixture.failed(), await fixture.succeeded()]) {
    const before = await fixture.read(id);
    await expect(fixture.cancel(id)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`is ${before.state}`),
    });
    expect(await fixture.read(id)).toEqual(before);
  }
});

test('if a cancellation and a success race, one wins and the other is refused', async () => {
  for (let round = 0; round < 60; round++) {
    const lease = await fixture.claimed();
    // A cancellation takes some round trips to reach the job: the success is a little later in each round.
    const succeed = async () => {
      for (let late = 0; late < round % 12; late++) await fixture.sql`select 1`;
      return transitions.end(fixture.db, lease, { type: 'succeeded', result });
    };
    const [cancelled, succeeded] = await Promise.allSettled([fixture.cancel(lease.id), succeed()]);
    const won = succeeded.status === 'fulfilled' && succeeded.value !== undefined;
    if (!won) await transitions.acknowledgeCancel(fixture.db, lease);
    const { state } = await fixture.read(lease.id);
    expect([cancelled.status, state]).toEqual(won ? ['rejected', 'succeeded'] : ['fulfilled', 'cancelled']);
    expect((await typesOf(lease.id)).at(-1)).toBe(state);
  }
});

test('if a cancellation and a claim race, the job ends as cancelled', async () => {
  for (let round = 0; round < 20; round++) {
    const { id } = await fixture.accept();
    const lease = fixture.leaseOn(id);
    const [claimed, cancelled] = await Promise.all([
      claimJob(fixture.db, lease, leaseSeconds),
      fixture.cancel(id),
    ]);
    expect(cancelled.cancelRequestedAt).not.toBeNull();
    if (claimed) await transitions.acknowledgeCancel(fixture.db, lease);
    expect(await fixture.read(id)).toMatchObject({ state: 'cancelled' });
  }
});

test('only members who may change jobs can cancel one, and non-members find none', async () => {
  const { id } = await fixture.accept();
  await fixture.addMember(fixture.portfolioId, 'viewer', 'viewer');
  const cancelAs = (who: string) => operations.job.cancel.run(fixture.as(user(who)), { id });
  const message = `There is no job "${id}".`;
  await expect(cancelAs('non-member')).rejects.toMatchObject({ code: 'not_found', message });
  await expect(cancelAs('viewer')).rejects.toMatchObject({ code: 'forbidden' });
  expect(await fixture.read(id)).toMatchObject({ state: 'queued', lastSeq: 1 });
});
