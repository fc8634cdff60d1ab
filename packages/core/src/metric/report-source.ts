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

export type ReportedMetric = Pick<Metric, 'id' | 'key' | 'name' | 'unit' | 'betterWhen'>;

/** The averages of a metric over the two halves of the range; null of one without samples. */
export type Halves = { first: number | null; second: number | null } & ReturnType<typeof assessChange>;

export type ReportSource = {
  portfolio: { slug: string; name: string };
  /** Everything that was committed by then is in the report; null where the reader cannot tell. */
  asOf: string | null;
  /** True where the reader is no copy of the writer: a replica that was promoted, and goes its own way since. */
  isDiverged: boolean;
  metrics: ReportedMetric[];
  /** Asked for, but not there: deleted since, or not yet on a reader that lags. */
  missing: string[];
  /** How the second half of the range compares with the first, of each metric in order. */
  compareHalves(): Promise<Halves[]>;
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
      const found = portfolio ? await fetchReported(tx, ask.metricIds) : [];
      const there = new Set(found.map(({ id }) => id));
      return use({
        portfolio: portfolio ?? { slug: '', name: '' },
        ...age,
        metrics: found,
        missing: ask.metricIds.filter((id) => !there.has(id)),
        compareHalves: () => compareHalves(tx, ask, found),
        rowsOf: (metricId) => statements[ask.step](tx).execute({ metricId, from: ask.from, to: ask.to }),
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

async function fetchReported(db: Db, ids: string[]): Promise<ReportedMetric[]> {
  const { id, key, name, unit, betterWhen } = metrics;
  const rows = await db
    .select({ id, key, name, unit, betterWhen })
    .from(metrics)
    .where(inArray(metrics.id, ids));
  return rows.toSorted((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
}

async function compareHalves(db: Db, { from, to }: Ask, given: ReportedMetric[]): Promise<Halves[]> {
  const changedAt = new Date(Math.ceil((Date.parse(from) + Date.parse(to)) / 2)).toISOString();
  const windows = await compareWindows(
    db,
    given.map(({ id }) => ({ metricId: id, from, changedAt, to })),
  );
  return windows.map(({ before, after }, place) => {
    const [first, second] = [before!.value, after.value];
    return { first, second, ...assessChange(given[place]!.betterWhen, first, second) };
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

/** Days and what is made of them: of a day the percentiles are its piece's own, of several they are not known. */
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

/** Hours are shorter than what is rolled up: a walk along the samples for each. */
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
