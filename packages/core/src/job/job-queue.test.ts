import { eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type JobFixture,
  claimJob,
  jobFixture,
  leaseSeconds,
  result,
} from '../../../../tests/support/jobs.ts';
import { until } from '../../../../tests/support/until.ts';
import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { jobQueue, jobs } from './job.sql.ts';
import { transitions } from './transitions.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

let groupKey: string;
beforeEach(() => {
  groupKey = `test:${newId('job')}`;
});

/** Accepts a job of the group; `db` may be a transaction that is not committed yet. */
async function accept(db: Db = fixture.db) {
  const id = newId('job');
  const request = { kind: 'export.pdf', title: 'Export', payload: {}, priority: 'normal' } as const;
  const { portfolioId } = fixture;
  await transitions.accept(db, [
    { id, portfolioId, groupKey, requestedBy: 'owner', maxAttempts: 3, ...request },
  ]);
  return id;
}

async function queuedOfGroup() {
  const ids = fixture.db.select({ id: jobs.id }).from(jobs).where(eq(jobs.groupKey, groupKey));
  const rows = await fixture.db.select().from(jobQueue).where(inArray(jobQueue.jobId, ids));
  return rows.map(({ jobId }) => jobId);
}

async function isWaitingForLock() {
  const waiting = await fixture.db.execute(sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
  return waiting.length > 0;
}

const succeeded = { type: 'succeeded', result } as const;

test('if the next job is cancelled while one ends, the job after it is enqueued', async () => {
  const [first, next, afterNext] = [await accept(), await accept(), await accept()];
  const lease = await fixture.claim(first);
  const cancelling = await fixture.db.transaction(async (tx) => {
    await transitions.end(tx, lease, succeeded);
    let isDone = false;
    const cancelled = transitions.cancel(fixture.db, next).finally(() => (isDone = true));
    await until('the cancel waits for the end', async () => isDone || isWaitingForLock());
    return { cancelled };
  });
  await cancelling.cancelled;
  expect(await queuedOfGroup()).toEqual([afterNext]);
});

test('a job that was accepted while a later one of its group ended is enqueued, even if it was claimed meanwhile', async () => {
  const ended = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const { earlier, ending } = await fixture.db.transaction(async (accepting) => {
    const id = await accept(accepting);
    const later = await fixture.claim(await accept());
    const end = fixture.db.transaction(async (tx) => {
      await transitions.end(tx, later, succeeded);
      ended.resolve();
      await mayCommit.promise;
    });
    await ended.promise;
    return { earlier: id, ending: end };
  });
  expect(await claimJob(fixture.db, fixture.leaseOn(earlier), leaseSeconds)).toBeUndefined();
  mayCommit.resolve();
  await ending;
  expect(await queuedOfGroup()).toEqual([earlier]);
});
