import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { sql } from 'drizzle-orm';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createCloudResources } from '../../../../dev/cloud.ts';
import { testAws } from '../../../../tests/support/aws.ts';
import { testDatabase } from '../../../../tests/support/database.ts';
import { eventually } from '../../../../tests/support/eventually.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { AppError } from '../errors.ts';
import { dependencies } from '../telemetry/contract.ts';
import { runIn, startSpan } from '../telemetry/trace.ts';
import { openBucket } from './bucket.ts';
import { createBreaker } from './breaker.ts';
import { type Database, openDatabase } from './database.ts';
import { guardedFetch } from './guarded-fetch.ts';
import { createHostBreakers } from './host-breakers.ts';

let database: Awaited<ReturnType<typeof testDatabase>>;
let pool: Database;
beforeAll(async () => {
  database = await testDatabase();
  pool = openDatabase({ url: database.url, poolSize: 2, applicationName: 'test', log: silentLog });
  await pool.db.execute(sql`create table guests (name text primary key)`);
});
afterAll(async () => {
  await pool.close();
  await database.drop();
});

let telemetry: ReturnType<typeof recordTelemetry>;
beforeEach(() => (telemetry = recordTelemetry('worker')));
afterEach(() => telemetry[Symbol.asyncDispose]());

type Transaction = Parameters<Parameters<Database['db']['transaction']>[0]>[0];
const traced = <T>(work: () => Promise<T>) => runIn(startSpan('request'), work);

/** The values of an instrument by its labels. */
async function valuesOf(instrument: Parameters<typeof telemetry.series>[0]) {
  const lines = await telemetry.series(instrument);
  return Object.fromEntries(
    lines.map((line) => {
      const [series = '', value] = line.split(/ (?=[^ ]*$)/);
      return [series.replace(/^[^{]*(\{|$)/, '').replaceAll(/db_client_connection_|\}$/g, ''), Number(value)];
    }),
  );
}

const add = (name: string) => sql`insert into guests (name) values (${name})`;

test('statements and transactions of a traced caller have spans, with the text of statements but no value', async () => {
  await traced(async () => {
    await pool.db.execute(sql`select ${'Ada Lovelace'}::text`);
    await pool.db.transaction((tx) => tx.execute(add('Ada Lovelace')));
  });
  const spans = telemetry.spans();
  const [request] = spans.filter(({ name }) => name === 'request');
  expect(spans.map(({ name, kind, attributes }) => [name, kind, attributes['db.query.text']])).toEqual([
    ['SELECT', SpanKind.CLIENT, 'select $1::text'],
    ['INSERT', SpanKind.CLIENT, 'insert into guests (name) values ($1)'],
    ['transaction', SpanKind.CLIENT, undefined],
    ['request', SpanKind.INTERNAL, undefined],
  ]);
  const [select, insert, transaction] = spans;
  expect(select!.parentSpanContext?.spanId).toBe(request!.spanContext().spanId);
  expect(transaction!.parentSpanContext?.spanId).toBe(request!.spanContext().spanId);
  expect(insert!.parentSpanContext?.spanId).toBe(transaction!.spanContext().spanId);
  expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain('Ada');
});

test('the span of a statement has at most a thousand characters of it, and of its error the type only', async () => {
  const query = sql.raw(`select '${'x'.repeat(2000)}', 1 / 0`);
  await expect(traced(() => pool.db.execute(query))).rejects.toThrow('Failed query');
  const [span] = telemetry.spans();
  expect(span!.attributes['db.query.text']).toHaveLength(1000);
  expect(span!.attributes['error.type']).toBe('PostgresError');
  expect(JSON.stringify(span!.events)).not.toContain('zero');
});

test('the span of a transaction has failed where the database failed, and not where its code refuses', async () => {
  const refused = new AppError('conflict', 'The slug is in use.');
  const works = [() => Promise.reject(refused), (tx: Transaction) => tx.execute(sql`select 1 / 0`)];
  for (const work of works) await traced(() => pool.db.transaction<unknown>(work)).catch(() => {});
  const transactions = telemetry.spans().filter(({ name }) => name === 'transaction');
  expect(transactions.map(({ status }) => status.code)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.ERROR]);
});

test('where the caller is not traced, dependencies have no spans', async () => {
  await pool.db.execute(sql`select 1`);
  await pool.db.transaction((tx) => tx.execute(sql`select 1`));
  await pool.sql.notify('test', 'x');
  expect(telemetry.spans()).toEqual([]);
});

const countOf = (outcome: 'ok' | 'failed') =>
  dependencies.queries.series({ 'db.client.connection.pool.name': 'main', outcome }).count;

/** How many queries and transactions of the pool ended well, and how many failed. */
const queries = () => ({ ok: countOf('ok'), failed: countOf('failed') });

test('a failed statement counts as failed, also in a transaction, and a rollback by the code of a transaction does not', async () => {
  const before = queries();
  const division = sql`select 1 / 0`;
  await expect(pool.db.execute(division)).rejects.toThrow('Failed query');
  await expect(pool.db.transaction((tx) => tx.execute(division))).rejects.toThrow('Failed query');
  expect(queries()).toEqual({ ok: before.ok, failed: before.failed + 2 });
  const refused = pool.db.transaction(async (tx) => {
    await tx.execute(sql`select 1`);
    throw new Error('refused');
  });
  await expect(refused).rejects.toThrow('refused');
  expect(queries()).toEqual({ ok: before.ok + 1, failed: before.failed + 2 });
});

test('a pool reports its size, its used and idle connections, and what waits for one', async () => {
  const release = Promise.withResolvers<void>();
  const held = [1, 2, 3, 4, 5].map(() =>
    pool.db.transaction(async (tx) => {
      await tx.execute(sql`select 1`);
      await release.promise;
    }),
  );
  const of = 'pool_name="main"';
  await eventually(async () =>
    expect(await valuesOf(dependencies.pools)).toEqual({
      [`${of},state="used"`]: 2,
      [`${of},state="idle"`]: 0,
    }),
  );
  expect(await valuesOf(dependencies.poolSizes)).toEqual({ [of]: 2 });
  expect(await valuesOf(dependencies.pending)).toEqual({ [of]: 3 });
  release.resolve();
  await Promise.all(held);
  expect(await valuesOf(dependencies.pools)).toEqual({
    [`${of},state="used"`]: 0,
    [`${of},state="idle"`]: 2,
  });
  expect(await valuesOf(dependencies.pending)).toEqual({ [of]: 0 });
});

test('a closed pool has no series', async () => {
  const closed = openDatabase({
    url: database.url,
    poolName: 'pipeline',
    poolSize: 1,
    applicationName: 'test',
    log: silentLog,
  });
  expect(await telemetry.series(dependencies.poolSizes)).toHaveLength(2);
  await closed.close();
  expect(await telemetry.series(dependencies.poolSizes)).toHaveLength(1);
  expect(await valuesOf(dependencies.breakers)).not.toHaveProperty('dependency="postgres.pipeline"');
});

const outage = () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));

test('a circuit breaker is reported as open until a call succeeds', async () => {
  const breaker = createBreaker('cache', silentLog, { failures: 1, reportedAs: 'cache' });
  expect(await valuesOf(dependencies.breakers)).toMatchObject({ 'dependency="cache"': 0 });
  await expect(breaker.run(outage)).rejects.toThrow('refused');
  expect(await valuesOf(dependencies.breakers)).toMatchObject({ 'dependency="cache"': 1 });
  await eventually(() => breaker.run(async () => {}));
  expect(await valuesOf(dependencies.breakers)).toMatchObject({ 'dependency="cache"': 0 });
  breaker.stop();
});

test('of the hosts of users, only the number of those with an open circuit breaker is reported', async () => {
  const hosts = createHostBreakers(silentLog);
  expect(await telemetry.series(dependencies.hosts)).toEqual(['portfolio_breaker_hosts_open 0']);
  const url = 'http://127.0.0.1:1/';
  const options = { maxBytes: 1, timeoutMilliseconds: 5000, allowPrivate: true };
  for (let times = 0; times < 3; times += 1)
    await expect(hosts.run(url, () => guardedFetch(url, options))).rejects.toThrow('unreachable');
  expect(await telemetry.series(dependencies.hosts)).toEqual(['portfolio_breaker_hosts_open 1']);
  expect(await telemetry.text()).not.toContain('127.0.0.1');
});

test('requests to S3 are measured by their command, and an object that does not exist is no failure', async () => {
  const aws = await testAws();
  const { AWS_REGION: region, BUCKET_NAME: name } = await createCloudResources(aws.endpoint);
  const bucket = openBucket({ region, endpoint: aws.endpoint }, name, silentLog);
  await traced(async () => {
    await bucket.put('a', Buffer.from('x'), { contentType: 'text/plain' });
    expect(await bucket.get('missing')).toBeNull();
  });
  bucket.close();
  const unreachable = openBucket({ region, endpoint: 'http://127.0.0.1:1' }, name, silentLog);
  await expect(unreachable.remove('a')).rejects.toThrow('ECONNREFUSED');
  unreachable.close();
  await aws.stop();
  const counts = (await telemetry.series(dependencies.aws)).filter((line) => line.includes('_count'));
  expect(counts.map((line) => line.replace(/^[^{]*/, '')).toSorted()).toEqual([
    '{rpc_method="DeleteObject",outcome="failed"} 2',
    '{rpc_method="GetObject",outcome="ok"} 1',
    '{rpc_method="PutObject",outcome="ok"} 1',
  ]);
  const [put, get] = telemetry.spans();
  expect([get!.name, get!.status.code]).toEqual(['S3.GetObject', SpanStatusCode.UNSET]);
  expect([put!.name, put!.kind, put!.attributes]).toEqual([
    'S3.PutObject',
    SpanKind.CLIENT,
    { 'rpc.system': 'aws-api', 'rpc.service': 'S3', 'rpc.method': 'PutObject' },
  ]);
});

test('the span of a request to an address of a user has its method, scheme and status, and nothing else of it', async () => {
  const server = createServer((_request, response) => void response.writeHead(404).end()).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret?token=secret`;
  const options = { maxBytes: 10, timeoutMilliseconds: 5000, allowPrivate: true };
  await traced(async () => text((await guardedFetch(url, options)).body));
  await expect(traced(() => guardedFetch('http://127.0.0.1:1/', options))).rejects.toThrow('unreachable');
  server.close();
  const [answered, , failed] = telemetry.spans();
  expect([answered!.name, answered!.kind, answered!.attributes]).toEqual([
    'GET',
    SpanKind.CLIENT,
    { 'http.request.method': 'GET', 'url.scheme': 'http', 'http.response.status_code': 404 },
  ]);
  expect(failed!.attributes).toMatchObject({ 'error.type': 'OutboundError' });
});
