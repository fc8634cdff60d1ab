import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { pieces } from './days.ts';
import { metricSamples } from './metric.sql.ts';
import { isWithin } from './range.ts';
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
 * One scan of the primary key per part, without sorting or grouping all samples. Without `offset 0`, Postgres chooses
 * joins that are many times slower while it has no statistics.
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
            where ${isWithin(sql`part.metric_id`, sql`lower(visible.span)`, sql`upper(visible.span)`)}
            offset 0
          ) s
        ) as summary`,
      )
      .where(sql`summary.count > 0`)
      .prepare(`metric_summary_${name}`),
  );

/** How pieces of a part are merged; the other aggregates cannot be computed from those of days. */
const mergeable = {
  avg: sql`sum(piece.sum order by piece.at) / sum(piece.count)`,
  min: sql`min(piece.min)`,
  max: sql`max(piece.max)`,
  sum: sql`sum(piece.sum order by piece.at)`,
  count: sql`sum(piece.count)::float8`,
} satisfies Partial<Record<AggregateName, SQL>>;

const isMergeable = (name: AggregateName): name is keyof typeof mergeable => name in mergeable;

/** As `statement`, but whole days come from roll-ups. */
const statementOfDays = (name: keyof typeof mergeable) =>
  prepared((db) =>
    db
      .select({
        part: sql<number>`part.number::int`,
        value: sql<number | null>`summary.value`,
        count: sql<number>`summary.count`,
      })
      .from(
        sql`${parts} cross join lateral (
          select ${mergeable[name]} as value, coalesce(sum(piece.count), 0)::int as count
          from unnest(${placeholder('visible')}::text::tstzmultirange * tstzmultirange(tstzrange(part."from", part."to"))) as visible (span)
          cross join lateral ${pieces(
            sql`part.metric_id`,
            sql`lower(visible.span)`,
            sql`upper(visible.span)`,
            {
              withPercentiles: false,
            },
          )} piece
        ) as summary`,
      )
      .where(sql`summary.count > 0`)
      .prepare(`metric_summary_of_days_${name}`),
  );

const statementsOfDays: Record<keyof typeof mergeable, ReturnType<typeof statementOfDays>> = {
  avg: statementOfDays('avg'),
  min: statementOfDays('min'),
  max: statementOfDays('max'),
  sum: statementOfDays('sum'),
  count: statementOfDays('count'),
};

const dayMilliseconds = 86_400_000;
/** A shorter part cannot contain a whole day, and a plain scan is faster. */
const isLong = ({ from, to }: Part) => Date.parse(to) - Date.parse(from) >= dayMilliseconds;

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

/** A time range of a metric, in ISO 8601; `to` is exclusive. */
export type Part = { metricId: string; from: string; to: string };

/**
 * Aggregates the samples of each part that are in `visible`, a Postgres multirange (`visibleSpan`), in one statement.
 *
 * @returns The value and the number of samples of each part, in order; null and 0 for a part without samples.
 */
export async function summarize(
  db: Db,
  aggregate: AggregateName,
  visible: string,
  given: Part[],
): Promise<Summary[]> {
  const useDays = isMergeable(aggregate) && given.some(isLong);
  const chosen = useDays ? statementsOfDays[aggregate] : statements[aggregate];
  const rows = await chosen(db).execute({
    metricIds: given.map(({ metricId }) => metricId),
    froms: given.map(({ from }) => from),
    tos: given.map(({ to }) => to),
    visible,
  });
  const summaries: Summary[] = given.map(() => ({ value: null, count: 0 }));
  for (const { part, value, count } of rows) summaries[part - 1] = { value, count };
  return summaries;
}
