import { sql } from 'drizzle-orm';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import type { PostgresServer } from '../../../../dev/postgres.ts';
import { selfSigned } from '../../../../tests/support/certificate.ts';
import { testFolder } from '../../../../tests/support/folder.ts';
import { testProxy } from '../../../../tests/support/proxy.ts';
import { simulateRds } from '../../../../tests/support/rds.ts';
import { testSecretsManager } from '../../../../tests/support/secrets-manager.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { startTlsPostgres } from '../../../../tests/support/tls-postgres.ts';
import { openDatabase } from './database.ts';
import { createSockets, startupPadding } from './database-sockets.ts';
import { openSignIn } from './database-sign-in.ts';
import { toOutage } from './outage.ts';
import { migrationSettings, readSettings } from './settings.ts';

const region = 'eu-central-1';
const certificate = selfSigned('localhost');
let server: PostgresServer;
let folder: string;
let caFile: string;

beforeAll(async () => {
  folder = await testFolder();
  server = await startTlsPostgres(join(folder, 'postgres'), certificate);
  caFile = join(folder, 'ca.pem');
  await writeFile(caFile, certificate.cert);
  await asAdmin((admin) =>
    admin.unsafe(`create role ada login password 'first'; create role eve login; grant rds_iam to eve`),
  );
});
afterAll(() => server.stop());

let parts = new AsyncDisposableStack();
afterEach(async () => {
  const ended = parts;
  parts = new AsyncDisposableStack();
  await ended.disposeAsync();
});

async function asAdmin(work: (admin: postgres.Sql) => PromiseLike<unknown>) {
  const admin = postgres(server.url, { max: 1, onnotice: () => {} });
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

/** A pool of the user `ada`, with the given settings beside. */
async function open(
  environment: Record<string, string>,
  {
    host = 'localhost',
    ...times
  }: { host?: string; lifetimeSeconds?: number; statementSeconds?: number } = {},
) {
  const url = `postgres://ada@${host}:${server.port}/postgres`;
  const needed = { AWS_REGION: region, DATABASE_URL: url, DATABASE_TLS: 'verify' };
  const settings = readSettings(migrationSettings, { ...needed, DATABASE_CA_FILE: caFile, ...environment });
  const signIn = await openSignIn(settings, silentLog);
  const pool = openDatabase({
    url: settings.DATABASE_URL,
    poolSize: 2,
    applicationName: 'test',
    log: silentLog,
    signIn,
    slackSeconds: 0.5,
    ...times,
  });
  parts.defer(async () => {
    await pool.close();
    signIn.close();
  });
  return pool;
}

const password = { DATABASE_PASSWORD: 'first' };
const isEncrypted = sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;

const who = sql`select current_user`;

describe('TLS', () => {
  test('is used with a server whose certificate is for its name and from a trusted authority', async () => {
    const { db } = await open(password);
    expect(await db.execute(isEncrypted)).toEqual([{ ssl: true }]);
  });

  test('can be required by the server', async () => {
    const { db } = await open({ ...password, DATABASE_TLS: 'off' });
    await expect(db.execute(isEncrypted)).rejects.toMatchObject({ cause: { code: '28000' } });
  });

  test.each([
    ['another name', '127.0.0.1', {}, /IP: 127\.0\.0\.1 is not in the cert/],
    ['an untrusted authority', 'localhost', { DATABASE_CA_FILE: '' }, /self-signed certificate/],
  ])('refuses a certificate of %s', async (_, host, environment, reason) => {
    const { db } = await open({ ...password, ...environment }, { host });
    const error: unknown = await db.execute(isEncrypted).catch((thrown: unknown) => thrown);
    expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
    expect((error as Error).cause).toMatchObject({ message: expect.stringMatching(reason) as string });
  });

  test('needs a file with certificates, and the error names its setting otherwise', async () => {
    const empty = join(folder, 'empty.pem');
    await writeFile(empty, 'nothing');
    for (const DATABASE_CA_FILE of [empty, join(folder, 'nowhere.pem')])
      await expect(open({ ...password, DATABASE_CA_FILE })).rejects.toThrow('DATABASE_CA_FILE');
  });
});

async function inSecretsManager() {
  const manager = await testSecretsManager({ db: '{"password":"first"}' });
  parts.defer(() => manager.stop());
  parts.defer(() => asAdmin((admin) => admin.unsafe(`alter role ada password 'first'`)));
  const pool = await open({
    DATABASE_PASSWORD: 'secretsmanager:db#password',
    AWS_ENDPOINT_URL: manager.endpoint,
  });
  return { manager, pool };
}

test('queries to an unresponsive server behind TLS fail, and work again when it responds', async () => {
  const { db } = await open(password, { statementSeconds: 1 });
  const [row] = await db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  process.kill(row!.pid, 'SIGSTOP');
  const error: unknown = await db.execute(who).catch((thrown: unknown) => thrown);
  process.kill(row!.pid, 'SIGCONT');
  expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
  await eventually(() => db.execute(who));
});

describe('a password in Secrets Manager', () => {
  test('is used', async () => {
    const { pool } = await inSecretsManager();
    expect(await pool.db.execute(who)).toEqual([{ current_user: 'ada' }]);
  });

  test('may be rotated: open connections continue, and after a refused one the next uses the new password', async () => {
    const { manager, pool } = await inSecretsManager();
    await pool.db.execute(sql`select 1`);
    await asAdmin((admin) => admin.unsafe(`alter role ada password 'second'`));
    manager.put('db', '{"password":"second"}');
    await pool.db.execute(sql`select 1`);
    expect(manager.reads()).toBe(1);
    await asAdmin(
      (admin) => admin`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'ada'`,
    );
    await eventually(() => pool.db.execute(sql`select 1`));
    expect(manager.reads()).toBe(2);
  });
});

async function behindRds() {
  const rds = await simulateRds(server.url, { host: 'localhost', region, secretKey: 'test', certificate });
  parts.defer(() => rds.stop());
  const pool = (environment = {}, times = {}) =>
    open({ DATABASE_URL: rds.url('eve', 'postgres'), DATABASE_AUTH: 'iam', ...environment }, times);
  return { rds, pool };
}

describe('IAM tokens', () => {
  test('are made anew for each new connection', async () => {
    const { rds, pool } = await behindRds();
    const { db } = await pool({}, { lifetimeSeconds: 0.5 });
    expect(await db.execute(who)).toEqual([{ current_user: 'eve' }]);
    // Those of one second are the same.
    await eventually(async () => {
      await db.execute(who);
      expect(new Set(rds.tokens).size).toBeGreaterThan(2);
    });
  });

  test('are for one user, one region and 15 minutes', async () => {
    const { rds, pool } = await behindRds();
    await (await pool()).db.execute(who);
    const isRefused = async (environment: Record<string, string>) =>
      expect((await pool(environment)).db.execute(who)).rejects.toMatchObject({ cause: { code: '28000' } });
    await isRefused({ AWS_REGION: 'us-east-1' });
    rds.setClockAhead(16 * 60);
    await isRefused({});
    expect(rds.tokens).toHaveLength(1);
  });

  test('that are refused are an outage, which ends when they are accepted again', async () => {
    const { rds, pool } = await behindRds();
    rds.setClockAhead(16 * 60);
    const { db } = await pool();
    const refused: unknown = await db.execute(who).catch((error: unknown) => error);
    expect(toOutage(refused)).toMatchObject({ code: 'unavailable' });
    rds.setClockAhead(0);
    await eventually(() => db.execute(who));
  });

  test('that cannot be made fail the query, and the pool works again later', async () => {
    const { pool } = await behindRds();
    const { db } = await pool();
    vi.stubEnv('AWS_ACCESS_KEY_ID', '');
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    const fails = () => db.execute(who).catch((error: unknown) => error);
    for (const error of await Promise.all([fails(), fails(), fails(), fails()]))
      expect(toOutage(error)).toMatchObject({ code: 'unavailable' });
    vi.unstubAllEnvs();
    await eventually(() => db.execute(who));
  });
});

test.each(['plain', 'with TLS'])(
  'a query right after a connection (%s) was lost is answered or fails, and the pool works again',
  async (kind) => {
    const secureContext = kind === 'plain' ? undefined : createSecureContext({ ca: certificate.cert });
    const proxy = await testProxy(server.url);
    const address = Object.assign(new URL(server.url), { hostname: 'localhost', port: String(proxy.port) });
    const getPassword = async () => address.password;
    const sockets = createSockets({ silenceSeconds: 100, getPassword, secureContext });
    const options = { socket: sockets.open, password: sockets.password, max: 1, backoff: () => 0.05 };
    const connection = { ...startupPadding, application_name: kind };
    const pool = postgres(address.href, { ...options, connection });
    // What was asked before may be sent while another waits for its answer.
    for (let times = 0; times < 2; times += 1) await pool`select 1 as one`;
    const next = pool`select pg_sleep(60)`.catch(() => pool`select 1 as one`.catch(() => 'failed'));
    await eventually(() =>
      asAdmin(async (admin) => {
        const sleeping =
          await admin`select from pg_stat_activity where application_name = ${kind} and wait_event = 'PgSleep'`;
        expect(sleeping).toHaveLength(1);
      }),
    );
    proxy.cut();
    await next;
    for (let times = 0; times < 3; times += 1) expect(await pool`select 2 as two`).toEqual([{ two: 2 }]);
    sockets.stop();
    await pool.end();
    await proxy.stop();
  },
);

test.each(['plain', 'with TLS'])(
  'a query that is being sent fails if its connection (%s) is lost, and its slot of the pool works again',
  async (kind) => {
    const secureContext = kind === 'plain' ? undefined : createSecureContext({ ca: certificate.cert });
    const { password: adminPassword } = new URL(server.url);
    const sockets = createSockets({
      silenceSeconds: 10,
      getPassword: async () => adminPassword,
      secureContext,
    });
    const url = server.url.replace('127.0.0.1', 'localhost');
    const options = { socket: sockets.open, password: sockets.password, max: 1, connection: startupPadding };
    const pool = postgres(url, options);
    for (let round = 0; round < 4; round += 1) {
      expect(await pool`select 1 as one`).toEqual([{ one: 1 }]);
      // Whether it is in the same turn of the event loop makes the difference.
      if (round % 2) await setImmediate();
      const sent = pool`select 1`.catch((error: unknown) => error);
      if (round < 2) await Promise.resolve();
      sockets.drop();
      const next = pool`select 1`.catch((error: unknown) => error);
      await Promise.all([sent, next]);
    }
    expect(await pool`select 1 as one`).toEqual([{ one: 1 }]);
    sockets.stop();
    await pool.end();
  },
);
