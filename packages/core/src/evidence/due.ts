import { and, inArray, isNotNull, lte, sql } from 'drizzle-orm';
import type { Db, JobHint } from '../context.ts';
import { queueJob } from '../job/accept.ts';
import { dispatchNext } from '../job/jobs-changed.ts';
import { jobs } from '../job/job.sql.ts';
import { evidence } from './evidence.sql.ts';
import { syncJobOf } from './sync.ts';

/** How many jobs a call makes at most. */
const batchSize = 200;

/** Until the next try, where nothing comes of one: doubled with each, up to a day. */
const retrySeconds = { first: 900, longest: 86_400 };

/**
 * Asks for syncs of evidence whose freshness runs out, or whose source is looked for again; resolves to the jobs, for
 * which the caller rings after it. Portfolios take turns. Any number of processes may call it at once: the next time
 * to ask moves on with the asking, so that none asks twice.
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

/** The evidence that is due, by turns of portfolios; it is not due again before the next try. */
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
