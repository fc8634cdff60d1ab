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
 * One walk along the primary key for each part: neither sorted as a whole nor grouped. Without `offset 0`, Postgres
 * joins the samples in ways that are many times slower where it has no statistics yet.
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

/** What pieces of a part sum up to; the other aggregates are not made of those of its days. */
const mergeable = {
  avg: sql`sum(piece.sum order by piece.at) / sum(piece.count)`,
  min: sql`min(piece.min)`,
  max: sql`max(piece.max)`,
  sum: sql`sum(piece.sum order by piece.at)`,
  count: sql`sum(piece.count)::float8`,
} satisfies Partial<Record<AggregateName, SQL>>;

const isMergeable = (name: AggregateName): name is keyof typeof mergeable => name in mergeable;

/** As `statement`, with whole days from their roll-up. */
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
/** Else no part can hold a whole day, and a plain walk is faster. */
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
