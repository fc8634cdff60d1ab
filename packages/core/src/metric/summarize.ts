import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { metricSamples } from './metric.sql.ts';
import type { AggregateName, Summary } from './schemas.ts';

const { placeholder } = sql;

const expressions: Record<AggregateName, SQL> = {
  avg: sql`avg(s.value)`,
  min: sql`min(s.value)`,
  max: sql`max(s.value)`,
  sum: sql`sum(s.value)`,
  last: sql`(array_agg(s.value order by s.at desc))[1]`,
  p50: sql`percentile_cont(0.5) within group (order by s.value)`,
  p95: sql`percentile_cont(0.95) within group (order by s.value)`,
  count: sql`count(*)::float8`,
};

const parts = sql`unnest(${placeholder('metricIds')}::text[], ${placeholder('froms')}::text[]::timestamptz[],
  ${placeholder('tos')}::text[]::timestamptz[]) with ordinality as part (metric_id, "from", "to", number)`;

/**
 * One walk along the primary key for each part: neither sorted as a whole nor grouped. Without `offset 0`, Postgres
 * joins the samples in ways that are twenty times slower where it has no statistics yet.
 */
const statement = (name: AggregateName) =>
  prepared((db) =>
    db
      .select({
        part: sql<number>`part.number::int`,
        value: sql<number | null>`summary.value`,
        count: sql<number>`summary.count`,
      })
      .from(
        sql`${parts} cross join lateral (
          select ${expressions[name]} as value, count(*)::int as count
          from unnest(${placeholder('visible')}::text::tstzmultirange * tstzmultirange(tstzrange(part."from", part."to"))) as visible (span)
          cross join lateral (
            select at, value from ${metricSamples}
            where metric_id = part.metric_id and at >= lower(visible.span) and at < upper(visible.span)
            offset 0
          ) s
        ) as summary`,
      )
      .where(sql`summary.count > 0`)
      .prepare(`metric_summary_${name}`),
  );

const statements: Record<AggregateName, ReturnType<typeof statement>> = {
  avg: statement('avg'),
  min: statement('min'),
  max: statement('max'),
  sum: statement('sum'),
  last: statement('last'),
  p50: statement('p50'),
  p95: statement('p95'),
  count: statement('count'),
};

/** A range of a metric's time: ISO instants, of which `to` is the first that does not belong to it. */
export type Part = { metricId: string; from: string; to: string };

/**
 * Sums up the samples of each part that lie in `visible`, a Postgres multirange (`visibleSpan`). One statement.
 *
 * @returns For each part, in order, its value and how many samples that is of; value null and 0 of none.
 */
export async function summarize(
  db: Db,
  aggregate: AggregateName,
  visible: string,
  given: Part[],
): Promise<Summary[]> {
  const rows = await statements[aggregate](db).execute({
    metricIds: given.map(({ metricId }) => metricId),
    froms: given.map(({ from }) => from),
    tos: given.map(({ to }) => to),
    visible,
  });
  const summaries: Summary[] = given.map(() => ({ value: null, count: 0 }));
  for (const { part, value, count } of rows) summaries[part - 1] = { value, count };
  return summaries;
}
