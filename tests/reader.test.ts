import { enableDatabaseUsers } from '../dev/database-users.ts';
import { operations } from '@portfolio/core';
import { anonymous } from '@portfolio/core/actor';
import { type Database, openDatabase, openReader } from '@portfolio/core/runtime/database';
import { migrate } from '@portfolio/core/runtime/migrate';
import { toOutage } from '@portfolio/core/runtime/outage';
import { sql } from 'drizzle-orm';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../dev/postgres.ts';
import { type Replica, startReplica } from './support/replica.ts';
import { makeDue } from './support/jobs.ts';
import { runAttempt, testRunner } from './support/runner.ts';
import { namePeopleBySubject } from './support/people.ts';
import { type TestServices, silentLog, testServices, user } from './support/services.ts';

const { metric, job: jobs, caseStudy } = operations;
const owner = user('owner');
const portfolio = 'team';
const march = { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' };
const at = '2026-03-02T10:00:00.000Z';

const pool = { poolSize: 2, applicationName: 'test', log: silentLog };
let primary: PostgresServer;
let replica: Replica;
let databaseUrl: string;
let platform: TestServices;
let reader: Pick<Database, 'db' | 'close'>;

const inDatabase = (url: string) => Object.assign(new URL(url), { pathname: '/portfolio' }).href;

beforeAll(async () => {
  const folder = join(inject('runFolder'), 'reader');
  primary = await startPostgres({ dataDir: join(folder, 'primary'), durable: false });
  replica = await startReplica(primary, join(folder, 'primary'), join(folder, 'replica'));
  const admin = postgres(primary.url, { max: 1 });
  await admin`create database portfolio`;
  await admin.end();
  databaseUrl = inDatabase(primary.url);
  await migrate({ url: databaseUrl }, { url: databaseUrl });
  await namePeopleBySubject(databaseUrl);
  await enableDatabaseUsers(databaseUrl);
  await replica.catchUp();
  platform = await testServices({ databaseUrl });
  reader = openReader(platform, { ...pool, readerUrl: inDatabase(replica.url) });
  await operations.portfolio.create.run(platform.as(owner), { slug: portfolio, name: 'Team' });
  await define('latency');
  await record('latency', { [at]: 1, '2026-03-20T00:00:00.000Z': 3 });
}, 120_000);
afterAll(async () => {
  await reader.close();
  await platform.stop();
  await replica.stop();
  await primary.stop();
});

const define = (key: string) =>
  metric.define.run(platform.as(owner), { portfolio, key, name: key, unit: 'ms', betterWhen: 'down' });
const record = (key: string, values: Record<string, number>) =>
  metric.record.run(platform.as(owner), {
    portfolio,
    key,
    samples: Object.entries(values).map(([time, value]) => ({ at: time, value })),
  });
const ask = async (key: string, step: 'day' | 'week' = 'day') =>
  (
    await metric.report.run(platform.as(owner), {
      portfolio,
      metrics: [key],
      ...march,
      step,
      format: 'csv',
    })
  ).id;

async function work(id: string, services = platform) {
  await makeDue(services.db, id);
  await runAttempt(testRunner(services, { reader: reader.db, retryFactor: 0 }), id);
  const job = await jobs.read.run(services.as(owner), { id });
  return { ...job, result: job.result as { asOf: string } | null };
}

async function linesOf(id: string, services = platform) {
  const { url } = await jobs.result.run(services.as(owner), { id });
  return (await (await fetch(url)).text()).split('\r\n').slice(1, -1);
}

/** How often the sample tables were read on a server. */
async function readsOf(url: string): Promise<number> {
  const connection = postgres(url, { max: 1 });
  try {
    const [row] = await connection`
      select sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0))::int as reads from pg_stat_user_tables
      where relname in ('metric_samples', 'metric_days', 'metric_dirty_days')`;
    return Number(row!.reads);
  } finally {
    await connection.end();
  }
}

/** Waits until there are no other connections to the primary's database: their reads are counted then. */
const untilAlone = () =>
  vi.waitUntil(async () => {
    const connection = postgres(databaseUrl, { max: 1 });
    const others = await connection`select 1 from pg_stat_activity
      where datname = 'portfolio' and backend_type = 'client backend' and pid <> pg_backend_pid()`;
    await connection.end();
    return others.length === 0;
  }, 30_000);

test('a report reads its samples from the replica, and none from the primary', async () => {
  const id = await ask('latency');
  await platform.stop();
  await untilAlone();
  const before = await readsOf(databaseUrl);
  await replica.catchUp();
  const readBefore = await readsOf(inDatabase(replica.url));

  const worker = await testServices({ databaseUrl });
  expect(await work(id, worker)).toMatchObject({ state: 'succeeded' });
  expect(await linesOf(id, worker)).toEqual([
    'latency,ms,2026-03-02T00:00:00.000Z,1,1,1,1,1,1',
    'latency,ms,2026-03-20T00:00:00.000Z,1,3,3,3,3,3',
  ]);
  await worker.stop();
  await untilAlone();
  expect(await readsOf(databaseUrl)).toBe(before);
  await reader.close();
  reader = openReader(platform, { ...pool, readerUrl: inDatabase(replica.url) });
  await vi.waitUntil(async () => (await readsOf(inDatabase(replica.url))) > readBefore, 30_000);
  platform = await testServices({ databaseUrl });
});

test('without a replica, analytical reads use the database itself, which stays open', async () => {
  const writer = openDatabase({ url: databaseUrl, ...pool });
  const itself = openReader(writer, { readerUrl: undefined, ...pool });
  expect(itself.db).toBe(writer.db);
  await itself.close();
  expect(await writer.sql`select 1 as one`).toEqual([{ one: 1 }]);
  await writer.close();
  const other = openReader(writer, { readerUrl: inDatabase(replica.url), ...pool });
  expect(await other.db.execute(sql`select pg_is_in_recovery() as copy`)).toEqual([{ copy: true }]);
  await other.close();
});

test('the replica is read-only', async () => {
  await expect(reader.db.execute(sql`delete from metric_samples`)).rejects.toMatchObject({
    cause: { code: '25006' },
  });
});

test('a report from a lagging replica has the time up to which its data is complete', async () => {
  await replica.catchUp();
  await replica.pause();
  const paused = Date.now();
  await record('latency', { [at]: 99 });
  await define('newer');
  const [id, ofNewer] = [await ask('latency'), await ask('newer')];
  const stale = await work(id);
  expect(stale).toMatchObject({ state: 'succeeded' });
  expect((await linesOf(id))[0]).toBe('latency,ms,2026-03-02T00:00:00.000Z,1,1,1,1,1,1');
  expect(Date.parse(stale.result!.asOf)).toBeLessThanOrEqual(paused);

  // A metric that the replica does not have yet is waited for.
  expect(await work(ofNewer)).toMatchObject({ state: 'queued', error: { code: 'reader_behind' } });

  await replica.resume();
  await replica.catchUp();
  expect(await work(ofNewer)).toMatchObject({ state: 'succeeded' });
  const fresh = await ask('latency');
  await replica.catchUp();
  const { result } = await work(fresh);
  expect((await linesOf(fresh))[0]).toBe('latency,ms,2026-03-02T00:00:00.000Z,1,99,99,99,99,99');
  expect(Date.parse(result!.asOf)).toBeGreaterThan(Date.parse(stale.result!.asOf));
});

test('anonymous readers, whose answers are cached, are not answered from a lagging replica', async () => {
  const claims = [{ key: 'faster', statement: 'It got faster.', metric: { key: 'latency', ...march } }];
  const study = { portfolio, slug: 'faster' };
  await caseStudy.create.run(platform.as(owner), { ...study, title: 'Faster', claims });
  await caseStudy.publish.run(platform.as(owner), { ...study, expectedVersion: '*' });
  await replica.catchUp();
  await replica.pause();
  await record('latency', { [at]: 7 });
  const range = { portfolio, key: 'latency', ...march, step: '30d', aggregate: 'max' } as const;
  const seen = async (actor: typeof owner) =>
    (await metric.series.run({ ...platform.as(actor), reader: reader.db }, range)).points.map(
      ({ value }) => value,
    );
  expect(await seen(owner)).toContain(99);
  expect(await seen(anonymous)).not.toContain(99);
  const proof = { ...platform.as(anonymous), reader: reader.db };
  expect((await caseStudy.provenance.run(proof, study)).claims[0]).toMatchObject({
    metric: { after: { value: 5 } },
  });
  await replica.resume();
});

test('a replica that has diverged is not read', async () => {
  await replica.catchUp();
  await replica.promote();
  expect(await work(await ask('latency'))).toMatchObject({
    state: 'queued',
    error: { code: 'reader_diverged' },
  });
});

test('while the replica is unavailable, reports wait, members get an error, and anonymous readers are answered', async () => {
  await replica.stop();
  const id = await ask('latency', 'week');
  // An outage uses up no attempt.
  expect(await work(id)).toMatchObject({
    state: 'queued',
    attempt: 1,
    maxAttempts: 6,
    error: { code: 'unavailable' },
  });
  const range = { portfolio, key: 'latency', ...march, step: '30d' } as const;
  const failed: unknown = await metric.series
    .run({ ...platform.as(owner), reader: reader.db }, range)
    .catch((error: unknown) => error);
  expect(toOutage(failed)).toMatchObject({ code: 'unavailable' });
  const { points } = await metric.series.run({ ...platform.as(anonymous), reader: reader.db }, range);
  expect(points).not.toEqual([]);
});
