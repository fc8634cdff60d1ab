/**
 * Compares ways to store ten million samples: `node bench/metrics.ts`, or the samples of fewer days, e.g.
 * `node bench/metrics.ts 60`. First it times statements on each way, then the operations of the chosen one over HTTP, then
 * the effect of its daily roll-ups. Milliseconds are medians; only ratios are comparable between machines. Takes some
 * minutes and, for a year, 4 GB of disk, which it frees.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { compareWindows } from '../packages/core/src/metric/compare.ts';
import { readReport } from '../packages/core/src/metric/report-source.ts';
import { rollUpMetrics } from '../packages/core/src/metric/roll-up.ts';
import { aggregateSchema } from '../packages/core/src/metric/schemas.ts';
import { openDatabase } from '../packages/core/src/runtime/database.ts';
import { createLog } from '../packages/core/src/runtime/log.ts';
import { startPlatform } from '../tests/support/stack.ts';
import { median } from './side-by-side.ts';

/** At least 60. */
const days = Number(process.argv[2] ?? 365);
const runs = 3;
/** A statement that takes longer is not repeated. */
const slowMilliseconds = 1000;
const batchSize = 5000;

const minute = 60_000;
const start = Date.parse('2025-01-01T00:00:00Z');
const [middle, end] = [Math.floor(days / 2) * 1440, days * 1440];
const instant = (afterMinutes: number) => new Date(start + afterMinutes * minute).toISOString();
const spans = {
  'an hour by 1m': { from: instant(middle), to: instant(middle + 60), step: '1m', seconds: 60 },
  'a month by 1h': { from: instant(middle), to: instant(middle + 43_200), step: '1h', seconds: 3600 },
  'all by 1d': { from: instant(0), to: instant(end), step: '1d', seconds: 86_400 },
};

const metricId = (number: number) => `met_${String(number).padStart(26, '0')}`;
/** Metrics 1 to 10 have a sample per minute, 11 to 100 one per ten minutes. */
const dense = metricId(1);

const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
const platform = await startPlatform(folder);
const sql = postgres(platform.databaseUrl, { max: 1, onnotice: () => {} });

/** The median duration in milliseconds, after a warm-up run. */
async function time(work: (run: number) => Promise<unknown>): Promise<number> {
  const durations: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const begun = performance.now();
    await work(run);
    const duration = performance.now() - begun;
    if (run > 0 || duration > slowMilliseconds) durations.push(duration);
    if (duration > slowMilliseconds) break;
  }
  return Number(median(durations).toFixed(1));
}

async function load() {
  await sql`set maintenance_work_mem = '512MB'`;
  const [portfolio] = await sql`select id from portfolios limit 1`;
  await sql`insert into metrics (id, portfolio_id, key, name, unit, better_when, description)
    select 'met_' || lpad(n::text, 26, '0'), ${portfolio!.id}, 'bench-' || n, 'Bench', 'ms', 'down', ''
    from generate_series(1, 100) n`;
  await sql.unsafe(`
    alter table metric_samples drop constraint metric_samples_metric_id_at_pk;
    alter table metric_samples drop constraint metric_samples_metric_id_metrics_id_fk;
    alter table metric_samples set (autovacuum_enabled = false);
    alter table metric_samples disable trigger user;
    insert into metric_samples
    select 'met_' || lpad(m::text, 26, '0'), timestamptz '2025-01-01Z' + n * interval '1 minute',
      (n * 7919::bigint + m * 31) % 100000 / 100.0
    from generate_series(0, ${end - 1}) n
    cross join lateral generate_series(1, case when n % 10 = 0 then 100 else 10 end) m;
    analyze metric_samples`);
}

/** Aggregates each step by its own index scan. */
const walk = (table: string, value: string) => `
  select b, x.value from generate_series($2::text::timestamptz, $3::text::timestamptz - interval '1 ms',
    $4::int * interval '1 second') b
  cross join lateral (select ${value} as value, count(*) as n from ${table}
    where metric_id = $1 and at >= b and at < b + $4::int * interval '1 second') x
  where n > 0`;

/** Reads the whole range and groups it. */
const group = (table: string, value: string) => `
  select date_bin($4::int * interval '1 second', at, 'epoch') as b, ${value} as value from ${table}
  where metric_id = $1 and at >= $2::text::timestamptz and at < $3::text::timestamptz group by 1 order by 1`;

const values = { avg: 'avg(value)', p95: 'percentile_cont(0.95) within group (order by value)' };
const ofHours = { avg: 'sum(total) / sum(samples)' };

type Statement = (table: string, value: string) => string;
type Columns = Record<string, number | string>;

async function timeReads(table: string, statement: Statement, of: Record<string, string>): Promise<Columns> {
  const columns: Columns = {};
  for (const [name, span] of Object.entries(spans)) {
    for (const [aggregate, value] of Object.entries(of)) {
      const text = statement(table, value);
      const parameters = [dense, span.from, span.to, span.seconds];
      // Hourly roll-ups have no steps of a minute.
      if (table === 'hours' && span.seconds < 3600) continue;
      columns[`${name}, ${aggregate}`] = await time(() => sql.unsafe(text, parameters, { prepare: true }));
    }
  }
  return columns;
}

const upsert = (table: string) => `
  insert into ${table} as old (metric_id, at, value)
  select $1, $2::text::timestamptz + n * interval '1 minute', n from generate_series(1, ${batchSize}) n
  on conflict (metric_id, at) do update set value = excluded.value where old.value <> excluded.value`;

/** Aggregates the hours of a batch again: a replaced value may have been the smallest or the largest. */
const rollUp = `
  insert into hours select metric_id, date_trunc('hour', at, 'UTC'), count(*), sum(value), min(value), max(value)
  from metric_samples where metric_id = $1 and at >= date_trunc('hour', $2::text::timestamptz, 'UTC')
    and at < date_trunc('hour', $2::text::timestamptz, 'UTC') + interval '${Math.ceil(batchSize / 60) + 1} hours'
  group by 1, 2
  on conflict (metric_id, at) do update
    set samples = excluded.samples, total = excluded.total, lowest = excluded.lowest, highest = excluded.highest`;

let recordings = 0;

/** Each batch is at half minutes of a sparse metric, where there were no samples before. */
const nextBatch = () => ({ to: 11 + (recordings++ % 90), from: instant(100_000.5) });

async function timeRecording(statements: string[]): Promise<number> {
  return time(async () => {
    const { to, from } = nextBatch();
    await sql.begin(async (tx) => {
      // Two concurrent batches would each aggregate an hour without the other's samples.
      if (statements.length > 1) await tx`select 1 from metrics where id = ${metricId(to)} for update`;
      for (const statement of statements) await tx.unsafe(statement, [metricId(to), from], { prepare: true });
    });
  });
}

async function sizeOf(relations: string): Promise<string> {
  const [row] = await sql`select round(sum(pg_relation_size(oid)) / 1e6) as megabytes
    from pg_class where relname like ${relations}`;
  return String(row!.megabytes);
}

const results: Record<string, Columns> = {};
const begun = performance.now();
const report = (line: string) => console.log(`${Math.round((performance.now() - begun) / 1000)} s: ${line}`);

async function tryBrin() {
  await sql`create index brin on metric_samples using brin (at)`;
  const reads = await timeReads('metric_samples', group, values);
  results['BRIN on the time, group'] = { 'index, MB': await sizeOf('brin'), ...reads };
  await sql`drop index brin`;
}

async function tryPlain() {
  await sql`alter table metric_samples add primary key (metric_id, at)`;
  const size = { 'index, MB': await sizeOf('metric_samples_pkey') };
  const grouped = await timeReads('metric_samples', group, values);
  results['primary key, group'] = { ...size, ...grouped };
  const walked = await timeReads('metric_samples', walk, values);
  const recorded = await timeRecording([upsert('metric_samples')]);
  results['primary key, walk'] = { ...size, ...walked, 'record 5,000': recorded };
  await sql`alter table metric_samples drop constraint metric_samples_pkey`;
}

async function tryCovering() {
  await sql.unsafe(`
    alter table metric_samples add constraint metric_samples_metric_id_at_pk primary key (metric_id, at) include (value)`);
  const size = { 'index, MB': await sizeOf('metric_samples_metric_id_at_pk') };
  results['covering key, walk, never vacuumed'] = {
    ...size,
    ...(await timeReads('metric_samples', walk, values)),
  };
  await sql`vacuum metric_samples`;
  results['covering key, group'] = { ...size, ...(await timeReads('metric_samples', group, values)) };
  const walked = await timeReads('metric_samples', walk, values);
  const recorded = await timeRecording([upsert('metric_samples')]);
  results['covering key, walk'] = { ...size, ...walked, 'record 5,000': recorded };
}

async function tryRollup() {
  await sql.unsafe(`
    create table hours (metric_id text, at timestamptz, samples bigint, total float8, lowest float8, highest float8,
      primary key (metric_id, at));
    insert into hours select metric_id, date_trunc('hour', at, 'UTC'), count(*), sum(value), min(value), max(value)
      from metric_samples group by 1, 2`);
  await sql`vacuum analyze hours`;
  const reads = await timeReads('hours', group, ofHours);
  const recorded = await timeRecording([upsert('metric_samples'), rollUp]);
  results['covering key and rollup by the hour'] = {
    'index, MB': await sizeOf('hours%'),
    ...reads,
    'record 5,000': recorded,
  };
  await sql`drop table hours`;
}

async function tryPartitions() {
  await sql`create table months (like metric_samples) partition by range (at)`;
  for (let month = 1; month <= 12; month++) {
    const [from, to] = [month - 1, month].map((number) => new Date(Date.UTC(2025, number)).toISOString());
    await sql.unsafe(
      `create table months_${month} partition of months for values from ('${from}') to ('${to}')`,
    );
  }
  await sql`insert into months select * from metric_samples where metric_id like 'met_000%'`;
  await sql`alter table months add primary key (metric_id, at) include (value)`;
  await sql`vacuum analyze months`;
  const walked = await timeReads('months', walk, values);
  const recorded = await timeRecording([upsert('months')]);
  results['partitions by month, covering key, walk'] = {
    'index, MB': await sizeOf('months_%_pkey'),
    ...walked,
    'record 5,000': recorded,
  };
  await sql`drop table months`;
}

async function timeOperations() {
  await sql`alter table metric_samples add foreign key (metric_id) references metrics (id) on delete cascade`;
  await sql`vacuum analyze metric_samples`;
  const [row] = await sql`select slug from portfolios join metrics on portfolio_id = portfolios.id
    where metrics.id = ${dense}`;
  const portfolio = String(row!.slug);
  const { metric } = platform.api;
  const of = { portfolio, key: 'bench-1' };

  const series: Record<string, Columns> = {};
  for (const aggregate of aggregateSchema.options) {
    const columns: Columns = {};
    for (const [name, { from, to, step }] of Object.entries(spans)) {
      columns[name] = await time(() => metric.series.query({ ...of, from, to, step, aggregate }));
    }
    series[aggregate] = columns;
  }
  console.table(series);

  const batch = (first: number, value: number) =>
    Array.from({ length: batchSize }, (_, at) => ({ at: instant(first + at), value }));
  const record = (run: number, value: number) =>
    metric.record.mutate({ portfolio, key: `bench-${50 + run}`, samples: batch(300_000.5, value) });
  const { from, to } = spans['all by 1d'];
  const month = { from: instant(middle), at: instant(middle + 21_600), to: instant(middle + 43_200) };
  console.table({
    'record 5,000 new': await time((run) => record(run, 1)),
    'record the same again': await time((run) => record(run, 1)),
    'record 5,000 other values': await time((run) => record(run, 2)),
    'compare halves of a month': await time(() => metric.compare.query({ ...of, ...month })),
    'compare halves of all': await time(() => metric.compare.query({ ...of, from, at: instant(middle), to })),
  });
}

/** Times reports and claims from samples and from roll-ups, and the cost of maintaining roll-ups. */
async function timeRollUps() {
  const { db, close } = openDatabase({
    url: platform.databaseUrl,
    poolSize: 1,
    applicationName: 'bench',
    log: createLog('bench', 'warn'),
  });
  const never = new AbortController().signal;
  const { from, to } = spans['all by 1d'];
  const metricIds = Array.from({ length: 100 }, (_, index) => metricId(index + 1));
  const [portfolio] = await sql`select portfolio_id as id from metrics where id = ${dense}`;
  const job = { id: '', portfolioId: String(portfolio!.id) };
  const reportBy = (step: 'hour' | 'day' | 'week' | 'month', ids: string[], range = { from, to }) =>
    time(() =>
      readReport(db, job, { metricIds: ids, ...range, step, format: 'csv' }, async (source) => {
        for (const id of ids) await source.rowsOf(id);
      }),
    );
  const windows = metricIds.map((id) => ({ metricId: id, from, changedAt: instant(middle + 600), to }));
  const reads = async (): Promise<Columns> => ({
    'report of 100, day': await reportBy('day', metricIds),
    week: await reportBy('week', metricIds),
    month: await reportBy('month', metricIds),
    '100 claims': await time(() => compareWindows(db, windows)),
    'series by 1d, avg': await time(() =>
      platform.api.metric.series.query({
        portfolio: slug,
        key: 'bench-1',
        from,
        to,
        step: '1d',
        aggregate: 'avg',
      }),
    ),
  });
  const slug = String((await sql`select slug from portfolios where id = ${job.portfolioId}`)[0]!.slug);

  await sql`delete from metric_dirty_days`;
  const untouched = await timeRecording([upsert('metric_samples')]);
  await sql`alter table metric_samples enable trigger user`;
  const marked = await timeRecording([upsert('metric_samples')]);
  await sql`truncate metric_dirty_days`;
  await sql`insert into metric_dirty_days
    select metric_id, date_trunc('day', at, 'UTC') from metric_samples group by 1, 2`;
  await sql`vacuum analyze metric_dirty_days`;
  const fromSamples = await reads();
  const begin = performance.now();
  const rolledUp = await rollUpMetrics(db, never);
  const took = performance.now() - begin;
  await sql`vacuum analyze metric_dirty_days, metric_days`;
  const fromDays = await reads();
  console.table({ 'from samples': fromSamples, 'from days': fromDays });
  console.table({
    'record 5,000, unmarked': untouched,
    'record 5,000, days marked': marked,
    'days rolled up': rolledUp,
    'milliseconds a day': Number((took / rolledUp).toFixed(2)),
    'days, MB': Number(await sizeOf('metric_days%')),
  });
  await close();
}

try {
  report('loading');
  await load();
  report('loaded');
  for (const attempt of [tryBrin, tryPlain, tryCovering, tryRollup, tryPartitions]) {
    await attempt();
    report(attempt.name);
  }
  console.table(results);
  await timeOperations();
  await timeRollUps();
} finally {
  await sql.end();
  await platform.stop();
  await rm(folder, { recursive: true });
}
