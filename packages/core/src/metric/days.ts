import { type SQL, sql } from 'drizzle-orm';
import { isWithin } from './range.ts';
import { metricDays, metricDirtyDays, metricSamples } from './metric.sql.ts';

/** The begin of the day in UTC that a moment lies in, whatever the session's time zone. */
const dayOf = (at: SQL) => sql`date_trunc('day', ${at}, 'UTC')`;

/** A day in hours: intervals of days follow the session's time zone, whose days differ in length. */
const day = sql`interval '24 hours'`;

const summed = sql`count(*)::int as count, sum(s.value order by s.at) as sum, min(s.value) as min, max(s.value) as max`;
const percentiles = sql`percentile_cont(0.5) within group (order by s.value) as p50,
  percentile_cont(0.95) within group (order by s.value) as p95`;

/** What the samples of a metric from a moment until before another sum up to, by one walk along the primary key. */
export const sumUp = (metricId: SQL, from: SQL, to: SQL, withPercentiles: boolean) => sql`
  select ${summed}${withPercentiles ? sql`, ${percentiles}` : sql``} from (
    select at, value from ${metricSamples} where ${isWithin(metricId, from, to)} offset 0
  ) s`;

/**
 * A relation of what the samples of a metric in a range sum up to, in pieces of at most a day (UTC): `at` (its begin),
 * `count`, `sum`, `min`, `max` and, if asked for, `p50` and `p95`. Whole days come from their roll-up, if there is one
 * that holds; the days at the ends that are cut, and dirty days, from the samples. Sums are of the samples in the order
 * of time, so that they are the same to the last bit whichever of the two they come from.
 */
export function pieces(metricId: SQL, from: SQL, to: SQL, { withPercentiles }: { withPercentiles: boolean }) {
  const kept = sql.raw(`count::int as count, sum, min, max${withPercentiles ? ', p50, p95' : ''}`);
  const isWhole = sql`metric_id = ${metricId} and day >= ends.first and day < ends.last`;
  return sql`(
    select piece.* from (
      select ${dayOf(sql`${from} + ${day} - interval '1 microsecond'`)} as first, ${dayOf(to)} as last
    ) ends
    cross join lateral (
      select day as at, ${kept} from ${metricDays} rolled
      where ${isWhole} and not exists (
        select from ${metricDirtyDays} dirty where dirty.metric_id = rolled.metric_id and dirty.day = rolled.day)
      union all
      select dirty.day, s.* from (select distinct day from ${metricDirtyDays} where ${isWhole}) dirty
      cross join lateral (${sumUp(metricId, sql`dirty.day`, sql`dirty.day + ${day}`, withPercentiles)}) s
      where s.count > 0
      union all
      select cut.low, s.* from (values
        (${from}, least(ends.first, ${to})),
        (greatest(ends.last, least(ends.first, ${to})), ${to})
      ) cut (low, high)
      cross join lateral (${sumUp(metricId, sql`cut.low`, sql`cut.high`, withPercentiles)}) s
      where s.count > 0
    ) piece
  )`;
}
