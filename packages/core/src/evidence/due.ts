import { and, inArray, isNotNull, lte, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { queueJobs } from '../job/accept.ts';
import type { ChangedJob } from '../job/jobs-changed.ts';
import { jobs } from '../job/job.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { evidence } from './evidence.sql.ts';
import { syncJobOf } from './sync.ts';

/** The maximum number of jobs that a call creates. */
const batchSize = 200;

/** The delay until the next try if a sync has no result; it doubles with each try. */
const retrySeconds = { first: 900, longest: 86_400 };

/**
 * Queues syncs of evidence that is due, in fair order of portfolios. Any number of processes may call it concurrently:
 * taking evidence moves its next sync, so that it is queued once. The caller calls `jobsChanged`.
 */
export function queueDueSyncs(db: Db): Promise<ChangedJob[]> {
  return db.transaction(async (tx) => {
    const due = await takeDue(tx);
    if (due.length === 0) return [];
    const groups = due.map((found) => syncJobOf(found).groupKey);
    const unfinished = await tx
      .select({ groupKey: jobs.groupKey })
      .from(jobs)
      .where(and(inArray(jobs.groupKey, groups), inArray(jobs.state, ['queued', 'running'])));
    const busy = new Set(unfinished.map(({ groupKey }) => groupKey));
    const requests = due.map(({ portfolioId, ...found }) => ({
      ...syncJobOf(found),
      portfolioId,
      requestedBy: 'schedule',
      priority: 'low' as const,
    }));
    return queueJobs(
      tx,
      requests.filter(({ groupKey }) => !busy.has(groupKey)),
    );
  });
}

/** Takes the due evidence, in fair order of portfolios, and schedules the next try of each. */
function takeDue(tx: Db) {
  const isDue = and(
    lte(evidence.nextSyncAt, sql`now()`),
    isNotNull(evidence.sourceUrl),
    sql`${evidence.portfolioId} <> all(array(select id from ${portfolios} where binned_at is not null))`,
  );
  const byTurns = sql`array(
    select id from (
      select ${evidence.id} as id, ${evidence.nextSyncAt} as next_sync_at,
        row_number() over (partition by ${evidence.portfolioId} order by ${evidence.nextSyncAt}) as turn
      from ${evidence} where ${isDue}) due
    order by turn, next_sync_at limit ${batchSize})`;
  const taken = tx
    .select({ id: evidence.id })
    .from(evidence)
    .where(and(sql`${evidence.id} = any(${byTurns})`, isDue))
    .for('no key update', { skipLocked: true });
  const { first, longest } = retrySeconds;
  const delay = sql`least(${longest}, ${first} * 2.0 ^ least(${evidence.syncTries}, 10)) * (0.9 + random() * 0.2)`;
  return tx
    .update(evidence)
    .set({
      syncTries: sql`${evidence.syncTries} + 1`,
      nextSyncAt: sql`now() + make_interval(secs => ${delay})`,
    })
    .where(sql`${evidence.id} = any(array(${taken}))`)
    .returning({ id: evidence.id, portfolioId: evidence.portfolioId, title: evidence.title });
}
