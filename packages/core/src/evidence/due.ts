import { and, inArray, isNotNull, lte, sql } from 'drizzle-orm';
import type { Db, JobHint } from '../context.ts';
import { queueJob } from '../job/accept.ts';
import { dispatchNext } from '../job/jobs-changed.ts';
import { jobs } from '../job/job.sql.ts';
import { evidence } from './evidence.sql.ts';
import { syncJobOf } from './sync.ts';

/** The maximum number of jobs that a call creates. */
const batchSize = 200;

/** The delay until the next try if a sync has no result; it doubles with each try. */
const retrySeconds = { first: 900, longest: 86_400 };

/**
 * Queues syncs of evidence that is due, in fair order of portfolios. Any number of processes may call it concurrently:
 * taking evidence moves its next sync, so that it is queued once. Resolves to the jobs, whose
 * hints the caller publishes; the sweep of the workers sends their messages.
 */
export function queueDueSyncs(db: Db): Promise<JobHint[]> {
  return db.transaction(async (tx) => {
    const due = await takeDue(tx);
    if (due.length === 0) return [];
    const groups = due.map((found) => syncJobOf(found).groupKey);
    const unfinished = await tx
      .select({ groupKey: jobs.groupKey })
      .from(jobs)
      .where(and(inArray(jobs.groupKey, groups), inArray(jobs.state, ['queued', 'running'])));
    const busy = new Set(unfinished.map(({ groupKey }) => groupKey));
    const queued: JobHint[] = [];
    for (const { portfolioId, ...found } of due) {
      const job = syncJobOf(found);
      if (busy.has(job.groupKey)) continue;
      const { id } = await queueJob(tx, { ...job, portfolioId, requestedBy: 'schedule', priority: 'low' });
      queued.push({ jobId: id, portfolioId });
    }
    await dispatchNext(tx, queued);
    return queued;
  });
}

/** Takes the due evidence, in fair order of portfolios, and schedules the next try of each. */
function takeDue(tx: Db) {
  const isDue = and(lte(evidence.nextSyncAt, sql`now()`), isNotNull(evidence.sourceUrl));
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
