import { type SQL, sql } from 'drizzle-orm';
import { isWithin } from './range.ts';
import { metricDays, metricDirtyDays, metricSamples } from './metric.sql.ts';

/** The start of the UTC day that contains a time, whatever the session's time zone. */
const dayOf = (at: SQL) => sql`date_trunc('day', ${at}, 'UTC')`;

/** A day in hours, because an interval of days depends on the session's time zone, where days differ in length. */
const day = sql`interval '24 hours'`;

const summed = sql`count(*)::int as count, sum(s.value order by s.at) as sum, min(s.value) as min, max(s.value) as max`;
const percentiles = sql`percentile_cont(0.5) within group (order by s.value) as p50,
  percentile_cont(0.95) within group (order by s.value) as p95`;

/** The aggregates of a metric's samples in a range (`to` is exclusive), by one scan of the primary key. */
export const sumUp = (metricId: SQL, from: SQL, to: SQL, withPercentiles: boolean) => sql`
  select ${summed}${withPercentiles ? sql`, ${percentiles}` : sql``} from (
    select at, value from ${metricSamples} where ${isWithin(metricId, from, to)} offset 0
  ) s`;

/**
 * A relation of the aggregates of a metric in a range, in pieces of at most a UTC day: `at` (the start), `count`,
 * `sum`, `min`, `max`, and optionally `p50` and `p95`. Whole days come from roll-ups; partial and dirty days from the
 * samples. Both sum the samples in time order, so that the results are identical to the last bit.
 */
export function pieces(metricId: SQL, from: SQL, to: SQL, { withPercentiles }: { withPercentiles: boolean }) {
  const columns = sql.raw(`count::int as count, sum, min, max${withPercentiles ? ', p50, p95' : ''}`);
  const isWhole = sql`metric_id = ${metricId} and day >= ends.first and day < ends.last`;
  return sql`(
    select piece.* from (
      select ${dayOf(sql`${from} + ${day} - interval '1 microsecond'`)} as first, ${dayOf(to)} as last
    ) ends
    cross join lateral (
      select day as at, ${columns} from ${metricDays} rolled
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
