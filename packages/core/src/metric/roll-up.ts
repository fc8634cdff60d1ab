import { sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { sumUp } from './days.ts';
import { metricDays, metricDirtyDays, metrics } from './metric.sql.ts';

/** The maximum number of days per transaction; a day may have ten thousand samples. */
const batchDays = 200;

/**
 * Rolls up the dirty days in batches, until none is left or the signal is aborted. It can be interrupted anywhere and
 * repeated. It does nothing while another process does the same, and skips metrics that are being changed.
 *
 * @returns The number of days rolled up.
 */
export async function rollUpMetrics(db: Db, signal: AbortSignal): Promise<number> {
  let days = 0;
  while (!signal.aborted) {
    const done = await rollUpBatch(db);
    if (done === 0) break;
    days += done;
  }
  return days;
}

/**
 * One snapshot deletes dirty days and reads their samples; later writers add new dirty days. The lock prevents two
 * concurrent roll-ups, of which the older could store its result last.
 */
async function rollUpBatch(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    const [lock] = await tx.execute<{ locked: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtextextended('metric roll-up', 0)) as locked`,
    );
    if (!lock?.locked) return 0;
    const sums = sumUp(sql`days.metric_id`, sql`days.day`, sql`days.day + interval '24 hours'`, true);
    const [row] = await tx.execute<{ days: number }>(sql`
      with batch as materialized (
        select metric_id, day from ${metricDirtyDays} group by 1, 2 order by 1, 2 limit ${batchDays}
      ),
      free as materialized (
        select id from ${metrics} where id in (select metric_id from batch) for key share skip locked
      ),
      days as materialized (select batch.* from batch join free on free.id = batch.metric_id),
      cleaned as (
        delete from ${metricDirtyDays} dirty using days where dirty.metric_id = days.metric_id and dirty.day = days.day
      ),
      summed as materialized (select days.metric_id, days.day, s.* from days cross join lateral (${sums}) s),
      stored as (
        insert into ${metricDays} (metric_id, day, count, sum, min, max, p50, p95)
        select metric_id, day, count, sum, min, max, p50, p95 from summed where count > 0
        on conflict (metric_id, day) do update set count = excluded.count, sum = excluded.sum,
          min = excluded.min, max = excluded.max, p50 = excluded.p50, p95 = excluded.p95
      ),
      emptied as (
        delete from ${metricDays} rolled using summed
        where summed.count = 0 and rolled.metric_id = summed.metric_id and rolled.day = summed.day
      )
      select count(*)::int as days from days`);
    return row!.days;
  });
}
