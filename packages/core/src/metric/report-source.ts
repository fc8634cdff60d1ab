import { type SQL, eq, inArray, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import type { JobPayload } from '../job/kinds.ts';
import { jobs } from '../job/job.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso } from '../sql.ts';
import { type ClaimedRange, compareWindows, judge } from './compare.ts';
import { pieces, sumUp } from './days.ts';
import { metrics } from './metric.sql.ts';
import type { Metric } from './schemas.ts';

type Ask = JobPayload<'metrics.report'>;

/** A step of a metric that has samples: `at` is its begin in UTC. Steps longer than a day have no percentiles. */
export type ReportRow = {
  at: string;
  count: number;
  min: number;
  avg: number;
  max: number;
  p50: number | null;
  p95: number | null;
};

/** A metric of a report, with its averages over the first and the second half of the range; null without samples. */
export type ReportedMetric = Pick<Metric, 'id' | 'key' | 'name' | 'unit' | 'betterWhen'> & {
  firstHalf: number | null;
  secondHalf: number | null;
} & ReturnType<typeof judge>;

export type ReportSource = {
  portfolio: { slug: string; name: string };
  /** Everything that was committed by then is in the report; null where the reader cannot tell. */
  asOf: string | null;
  /** True where the reader is no copy of the writer: a replica that was promoted, and goes its own way since. */
  isDiverged: boolean;
  metrics: ReportedMetric[];
  /** Asked for, but not there: deleted since, or not yet on a reader that lags. */
  missing: string[];
  rowsOf(metricId: string): Promise<ReportRow[]>;
};

/**
 * What a report is made of, all of one moment: `use` runs in one read-only transaction on the reader, of which a single
 * statement answers for one metric. For workers: no actor asks here.
 */
export function readReport<T>(
  reader: Db,
  job: { id: string; portfolioId: string },
  ask: Ask,
  use: (source: ReportSource) => Promise<T>,
): Promise<T> {
  return reader.transaction(
    async (tx) => {
      // The first statement of the transaction takes its snapshot.
      const age = await fetchAge(tx, job.id);
      const [portfolio] = await tx
        .select({ slug: portfolios.slug, name: portfolios.name })
        .from(portfolios)
        .where(eq(portfolios.id, job.portfolioId));
      const found = portfolio ? await fetchReported(tx, ask) : [];
      const there = new Set(found.map(({ id }) => id));
      return use({
        portfolio: portfolio ?? { slug: '', name: '' },
        ...age,
        metrics: found,
        missing: ask.metricIds.filter((id) => !there.has(id)),
        rowsOf: (metricId) => fetchRows(tx, ask, metricId),
      });
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** Whether any of the metrics is there. */
export async function hasAnyMetric(db: Db, ids: string[]): Promise<boolean> {
  const rows = await db.select({ id: metrics.id }).from(metrics).where(inArray(metrics.id, ids)).limit(1);
  return rows.length > 0;
}

/**
 * How new the snapshot is. A replica tells which change it took over last; where it cannot, the job itself does, which
 * began before the snapshot. Who is no replica and does not know of the job is not the writer either.
 */
async function fetchAge(db: Db, jobId: string): Promise<Pick<ReportSource, 'asOf' | 'isDiverged'>> {
  const moment = sql`case when pg_is_in_recovery() then coalesce(pg_last_xact_replay_timestamp(), job.started_at)
    else now() end`;
  const [row] = await db.execute<Pick<ReportSource, 'asOf' | 'isDiverged'>>(sql`
    select ${iso(moment)} as "asOf", job.id is null and not pg_is_in_recovery() as "isDiverged"
    from (select) only_row left join ${jobs} job on job.id = ${jobId}`);
  return row!;
}

async function fetchReported(db: Db, { metricIds, from, to }: Ask): Promise<ReportedMetric[]> {
  const rows = await db
    .select({
      id: metrics.id,
      key: metrics.key,
      name: metrics.name,
      unit: metrics.unit,
      betterWhen: metrics.betterWhen,
    })
    .from(metrics)
    .where(inArray(metrics.id, metricIds));
  const ordered = rows.toSorted((a, b) => metricIds.indexOf(a.id) - metricIds.indexOf(b.id));
  const middle = middleOf({ from, to });
  const ranges = ordered.map(({ id }): ClaimedRange => ({ metricId: id, from, changedAt: middle, to }));
  const windows = ranges.length > 0 ? await compareWindows(db, ranges) : [];
  return ordered.map((metric, place) => {
    const [firstHalf, secondHalf] = [windows[place]!.before!.value, windows[place]!.after.value];
    return { ...metric, firstHalf, secondHalf, ...judge(metric.betterWhen, firstHalf, secondHalf) };
  });
}

/** The moment that cuts a range in two halves, to the millisecond. */
export function middleOf({ from, to }: { from: string; to: string }): string {
  return new Date(Math.ceil((Date.parse(from) + Date.parse(to)) / 2)).toISOString();
}

async function fetchRows(db: Db, { from, to, step }: Ask, metricId: string): Promise<ReportRow[]> {
  const range = { id: sql`${metricId}::text`, from: sql`${from}::timestamptz`, to: sql`${to}::timestamptz` };
  const rows = await db.execute<ReportRow>(step === 'hour' ? hoursOf(range) : stepsOf(range, step));
  return [...rows];
}

type Range = { id: SQL; from: SQL; to: SQL };

/** Days and what is made of them: of a day the percentiles are its piece's own, of several they are not known. */
function stepsOf({ id, from, to }: Range, step: 'day' | 'week' | 'month') {
  const withPercentiles = step === 'day';
  const at = sql`date_trunc(${sql.raw(`'${step}'`)}, piece.at, 'UTC')`;
  const percentiles = withPercentiles
    ? sql`min(piece.p50) as p50, min(piece.p95) as p95`
    : sql`null::float8 as p50, null::float8 as p95`;
  return sql`
    select ${iso(at)} as at, sum(piece.count)::int as count, min(piece.min) as min,
      sum(piece.sum order by piece.at) / sum(piece.count) as avg, max(piece.max) as max, ${percentiles}
    from ${pieces(id, from, to, { withPercentiles })} piece
    group by ${at} order by ${at}`;
}

/** Hours are shorter than what is rolled up: a walk along the samples for each. */
function hoursOf({ id, from, to }: Range) {
  const sums = sumUp(
    id,
    sql`greatest(step.at, ${from})`,
    sql`least(step.at + interval '1 hour', ${to})`,
    true,
  );
  return sql`
    select ${iso(sql`step.at`)} as at, s.count, s.min, s.sum / s.count as avg, s.max, s.p50, s.p95
    from generate_series(date_trunc('hour', ${from}, 'UTC'), ${to} - interval '1 microsecond', '1 hour') as step (at)
    cross join lateral (${sums}) s
    where s.count > 0 order by step.at`;
}
