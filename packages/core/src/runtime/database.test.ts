import { sql } from 'drizzle-orm';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { startPostgres } from '../../../../dev/postgres.ts';
import { testDatabase } from '../../../../tests/support/database.ts';
import { testProxy } from '../../../../tests/support/proxy.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { AppError } from '../errors.ts';
import { type Database, openDatabase } from './database.ts';
import { toOutage } from './outage.ts';

let parts = new AsyncDisposableStack();
afterEach(async () => {
  const ended = parts;
  parts = new AsyncDisposableStack();
  await ended.disposeAsync();
});

/** A pool on a database of its own, behind a proxy that fails as networks do. */
async function behindProxy(statementSeconds?: number) {
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const proxy = await testProxy(database.url);
  parts.defer(() => proxy.stop());
  const url = new URL(database.url);
  url.port = String(proxy.port);
  const pool = open(url.href, statementSeconds);
  await answers(pool);
  return { proxy, pool };
}

function open(url: string, statementSeconds = 10) {
  const pool = openDatabase({
    url,
    poolSize: 2,
    applicationName: 'test',
    log: silentLog,
    statementSeconds,
    slackSeconds: 0.5,
  });
  parts.defer(() => pool.close());
  return pool;
}

const answers = (pool: Database) => pool.db.execute(sql`select 1`);

const errorOf = (asked: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(asked).then(
    () => undefined,
    (error: unknown) => error,
  );

/** True if it was refused without a query to the server. */
async function isRefusedImmediately(asked: PromiseLike<unknown>): Promise<boolean> {
  const error = toOutage(await errorOf(asked));
  return String((error?.cause as Error | undefined)?.cause ?? error?.cause).includes('DependencyUnavailable');
}

test('once the database is unavailable, queries and transactions are refused without contacting it', async () => {
  const { proxy, pool } = await behindProxy();
  proxy.down();
  await eventually(async () => expect(await isRefusedImmediately(answers(pool))).toBe(true));
  const refusals = proxy.refusals();
  const refused = await Promise.all([
    isRefusedImmediately(answers(pool)),
    isRefusedImmediately(pool.db.transaction((tx) => tx.execute(sql`select 1`))),
    isRefusedImmediately(pool.sql.notify('test', 'x')),
  ]);
  expect(refused).toEqual([true, true, true]);
  expect(proxy.refusals()).toBe(refusals);
});

test('the pool works again when the database is available again', async () => {
  const { proxy, pool } = await behindProxy();
  proxy.down();
  expect(toOutage(await errorOf(answers(pool)))).toMatchObject({ code: 'unavailable' });
  proxy.up();
  await eventually(() => answers(pool));
});

test.each<[string, boolean]>([
  ['between two of its statements', true],
  ['before its commit', false],
])('a transaction whose connection is lost %s fails, and nothing else does', async (_, goesOn) => {
  const { proxy, pool } = await behindProxy();
  const lost = pool.db.transaction(async (tx) => {
    await tx.execute(sql`select 1`);
    proxy.cut();
    // Until the client knows of it: there is nothing else to see of that.
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (goesOn) await tx.execute(sql`select 1`);
  });
  expect(toOutage(await errorOf(lost))).toMatchObject({ code: 'unavailable' });
  // What postgres.js writes to a connection that is gone, it writes a little later, and ends the process by it.
  await eventually(() => answers(pool));
});

test.each<[string, (pool: Database) => PromiseLike<unknown>]>([
  ['query', answers],
  ['transaction', ({ db }) => db.transaction((tx) => tx.execute(sql`select 1`))],
])('the first %s of a new connection does not get the error of the one before it', async (_, ask) => {
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const pool = openDatabase({ url: database.url, poolSize: 1, applicationName: 'ended', log: silentLog });
  parts.defer(() => pool.close());
  const admin = open(database.url);
  await answers(pool);
  const ended = errorOf(pool.db.execute(sql`select pg_sleep(60)`));
  await eventually(async () => {
    const terminated = await admin.db.execute(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ended' and wait_event = 'PgSleep'`,
    );
    expect(terminated).toHaveLength(1);
  });
  expect(toOutage(await ended)).toMatchObject({ code: 'unavailable' });
  await expect(ask(pool)).resolves.toBeDefined();
});

describe('if the server is unresponsive', () => {
  test('queries and transactions fail, and the pool works when it responds again', async () => {
    const { proxy, pool } = await behindProxy(1);
    const begin = () => pool.db.transaction((tx) => tx.execute(sql`select 1`));
    // One is in the middle of its work.
    const slow = errorOf(pool.db.execute(sql`select pg_sleep(0.5)`));
    proxy.hang();
    const failed = await Promise.all([slow, errorOf(answers(pool)), errorOf(begin()), errorOf(begin())]);
    for (const error of failed) expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
    expect(await isRefusedImmediately(begin())).toBe(true);
    proxy.up();
    await eventually(begin);
    await answers(pool);
  });

  test('since its processes are frozen, queries fail, and work again when it continues', async () => {
    const dataDir = await mkdtemp(join(inject('runFolder'), 'frozen-'));
    const server = await startPostgres({ dataDir, durable: false });
    parts.defer(() => server.stop());
    const pool = open(server.url, 1);
    const [row] = await pool.sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    const frozen = [server.pid, row!.pid];
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    const failed = await Promise.all([errorOf(answers(pool)), errorOf(answers(pool))]);
    const isRefused = await isRefusedImmediately(answers(pool));
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    for (const error of failed) expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
    expect(isRefused).toBe(true);
    await eventually(() => answers(pool));
  });
});

test('an abandoned transaction does not begin later', async () => {
  const { proxy, pool } = await behindProxy(1);
  proxy.hang();
  const work = vi.fn<() => Promise<void>>(async () => {});
  await Promise.all(Array.from({ length: 5 }, () => errorOf(pool.db.transaction(work))));
  proxy.up();
  await eventually(() => answers(pool));
  expect(work).not.toHaveBeenCalled();
});

describe('an error that is not a failure of the server does not open the circuit breaker', () => {
  test.each<[string, (pool: Database) => PromiseLike<unknown>]>([
    ['a statement that is wrong', ({ db }) => db.execute(sql`select * from nowhere`)],
    ['a value that is refused', ({ db }) => db.execute(sql`select 1 / 0`)],
    ['a statement that takes too long', ({ db }) => db.execute(sql`select pg_sleep(5)`)],
    [
      'a refusal in a transaction',
      ({ db }) => db.transaction(() => Promise.reject(new AppError('conflict', 'Taken.'))),
    ],
    [
      'another dependency that is unavailable within a transaction',
      ({ db }) =>
        db.transaction(() => Promise.reject(Object.assign(new Error('S3'), { code: 'ECONNREFUSED' }))),
    ],
  ])('%s', async (_, fail) => {
    const database = await testDatabase();
    parts.defer(() => database.drop());
    const pool = open(database.url, 1);
    for (let times = 0; times < 3; times += 1) expect(await errorOf(fail(pool))).toBeInstanceOf(Error);
    await answers(pool);
  });
});

test('statements and idle transactions are limited by the statement timeout', async () => {
  const database = await testDatabase();
  parts.defer(() => database.drop());
  const pool = open(database.url, 1);
  expect(await errorOf(pool.db.execute(sql`select pg_sleep(5)`))).toMatchObject({ cause: { code: '57014' } });
  const never = Promise.withResolvers<never>();
  const idle = await errorOf(pool.db.transaction(() => never.promise));
  expect(toOutage(idle) ?? idle).toMatchObject({ code: 'unavailable' });
});
