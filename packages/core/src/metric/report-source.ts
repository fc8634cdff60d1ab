import { eq, inArray, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import type { JobPayload } from '../job/kinds.ts';
import { jobs } from '../job/job.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, prepared } from '../sql.ts';
import { compareWindows, assessChange } from './compare.ts';
import { pieces, sumUp } from './days.ts';
import { metrics } from './metric.sql.ts';
import type { ReportStep } from '../job/report-steps.ts';
import type { Metric } from './schemas.ts';

type Request = JobPayload<'metrics.report'>;

/** A step with samples. `at` is its start in UTC. Steps longer than a day have no percentiles. */
export type ReportRow = {
  at: string;
  count: number;
  min: number;
  avg: number;
  max: number;
  p50: number | null;
  p95: number | null;
};

export type ReportedMetric = Pick<Metric, 'id' | 'key' | 'name' | 'unit' | 'betterWhen'>;

/** The averages of a metric over the two halves of the range; null for a half without samples. */
export type Halves = { first: number | null; second: number | null } & ReturnType<typeof assessChange>;

export type ReportSource = {
  portfolio: { slug: string; name: string };
  /** The report includes everything that was committed by this time; null if the replica cannot tell. */
  asOf: string | null;
  /** True if the reader is no longer a replica of the writer, because it was promoted and has diverged. */
  isDiverged: boolean;
  metrics: ReportedMetric[];
  /** The ids of requested metrics that were not found: deleted since, or not yet replicated to a lagging reader. */
  missing: string[];
  /** The comparison of the second half of the range with the first, for each metric in order. */
  compareHalves(): Promise<Halves[]>;
  rowsOf(metricId: string): Promise<ReportRow[]>;
};

/**
 * Calls `use` with the source of a report, in one read-only snapshot of the reader, with one statement per metric. For
 * workers: no actor is checked.
 */
export function readReport<T>(
  reader: Db,
  job: { id: string; portfolioId: string },
  request: Request,
  use: (source: ReportSource) => Promise<T>,
): Promise<T> {
  return reader.transaction(
    async (tx) => {
      // The first statement of the transaction takes the snapshot.
      const age = await fetchAge(tx, job.id);
      const [portfolio] = await tx
        .select({ slug: portfolios.slug, name: portfolios.name })
        .from(portfolios)
        .where(eq(portfolios.id, job.portfolioId));
      const found = portfolio ? await fetchReported(tx, request.metricIds) : [];
      const foundIds = new Set(found.map(({ id }) => id));
      return use({
        portfolio: portfolio ?? { slug: '', name: '' },
        ...age,
        metrics: found,
        missing: request.metricIds.filter((id) => !foundIds.has(id)),
        compareHalves: () => compareHalves(tx, request, found),
        rowsOf: (metricId) =>
          statements[request.step](tx).execute({ metricId, from: request.from, to: request.to }),
      });
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

/** Whether any of the metrics exists. */
export async function hasAnyMetric(db: Db, ids: string[]): Promise<boolean> {
  const rows = await db.select({ id: metrics.id }).from(metrics).where(inArray(metrics.id, ids)).limit(1);
  return rows.length > 0;
}

/**
 * The age of the snapshot. A replica reports its last replayed transaction; if it cannot, the start of the job is used,
 * which is earlier than the snapshot. A database that is no replica and lacks the job has diverged from the writer.
 */
async function fetchAge(db: Db, jobId: string): Promise<Pick<ReportSource, 'asOf' | 'isDiverged'>> {
  const moment = sql`case when pg_is_in_recovery() then coalesce(pg_last_xact_replay_timestamp(), job.started_at)
    else now() end`;
  const [row] = await db.execute<Pick<ReportSource, 'asOf' | 'isDiverged'>>(sql`
    select ${iso(moment)} as "asOf", job.id is null and not pg_is_in_recovery() as "isDiverged"
    from (select) only_row left join ${jobs} job on job.id = ${jobId}`);
  return row!;
}

async function fetchReported(db: Db, ids: string[]): Promise<ReportedMetric[]> {
  const { id, key, name, unit, betterWhen } = metrics;
  const rows = await db
    .select({ id, key, name, unit, betterWhen })
    .from(metrics)
    .where(inArray(metrics.id, ids));
  return rows.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}

async function compareHalves(db: Db, { from, to }: Request, given: ReportedMetric[]): Promise<Halves[]> {
  const changedAt = new Date(Math.ceil((Date.parse(from) + Date.parse(to)) / 2)).toISOString();
  const windows = await compareWindows(
    db,
    given.map(({ id }) => ({ metricId: id, from, changedAt, to })),
  );
  return windows.map(({ before, after }, index) => {
    const [first, second] = [before!.value, after.value];
    return { first, second, ...assessChange(given[index]!.betterWhen, first, second) };
  });
}

const { placeholder } = sql;
const range = {
  id: sql`${placeholder('metricId')}::text`,
  from: sql`${placeholder('from')}::text::timestamptz`,
  to: sql`${placeholder('to')}::text::timestamptz`,
};

const statement = (step: ReportStep) =>
  prepared((db) =>
    db
      .select({
        at: sql<string>`report.at`,
        count: sql<number>`report.count`,
        min: sql<number>`report.min`,
        avg: sql<number>`report.avg`,
        max: sql<number>`report.max`,
        p50: sql<number | null>`report.p50`,
        p95: sql<number | null>`report.p95`,
      })
      .from(sql`(${step === 'hour' ? hoursOf(range) : stepsOf(range, step)}) as report`)
      .orderBy(sql`report.at`)
      .prepare(`metric_report_${step}`),
  );

const statements: Record<ReportStep, ReturnType<typeof statement>> = {
  hour: statement('hour'),
  day: statement('day'),
  week: statement('week'),
  month: statement('month'),
};

/** Days, weeks or months from pieces. A day has the percentiles of its piece; longer steps have none. */
function stepsOf({ id, from, to }: typeof range, step: 'day' | 'week' | 'month') {
  const withPercentiles = step === 'day';
  const at = sql`date_trunc(${sql.raw(`'${step}'`)}, piece.at, 'UTC')`;
  const percentiles = withPercentiles
    ? sql`min(piece.p50) as p50, min(piece.p95) as p95`
    : sql`null::float8 as p50, null::float8 as p95`;
  return sql`
    select ${iso(at)} as at, sum(piece.count)::int as count, min(piece.min) as min,
      sum(piece.sum order by piece.at) / sum(piece.count) as avg, max(piece.max) as max, ${percentiles}
    from ${pieces(id, from, to, { withPercentiles })} piece
    group by ${at}`;
}

/** Hours, each from a scan of its samples, because roll-ups are of whole days. */
function hoursOf({ id, from, to }: typeof range) {
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
    where s.count > 0`;
}
