import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import { openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { toOutage } from '@portfolio/core/runtime/outage';
import { migrationSettings, readSettings } from '@portfolio/core/runtime/settings';
import { sql } from 'drizzle-orm';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventually } from './support/eventually.ts';
import type { PostgresServer } from '../dev/postgres.ts';
import { selfSigned } from './support/certificate.ts';
import { testFolder } from './support/folder.ts';
import { simulateRds } from './support/rds.ts';
import { type Replica, startReplica } from './support/replica.ts';
import { silentLog } from './support/services.ts';
import { startTlsPostgres } from './support/tls-postgres.ts';

const region = 'eu-central-1';
const certificate = selfSigned('localhost');
let primary: PostgresServer;
let replica: Replica;
let rds: Awaited<ReturnType<typeof simulateRds>>;
let pool: Database;
let parts: AsyncDisposableStack;

beforeEach(async () => {
  parts = new AsyncDisposableStack();
  const folder = await testFolder();
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, certificate.cert);
  primary = await startTlsPostgres(join(folder, 'primary'), certificate);
  parts.defer(() => primary.stop());
  await on(
    primary,
    'create role ada login; grant rds_iam to ada; create table notes (text text); grant all on notes to ada',
  );
  replica = await startReplica(primary, join(folder, 'primary'), join(folder, 'replica'));
  parts.defer(() => replica.stop());
  await replica.catchUp();
  rds = await simulateRds(primary.url, { host: 'localhost', region, secretKey: 'test', certificate });
  parts.defer(() => rds.stop());
  const settings = readSettings(migrationSettings, {
    DATABASE_URL: rds.url('ada', 'postgres'),
    DATABASE_AUTH: 'iam',
    DATABASE_TLS: 'verify',
    DATABASE_CA_FILE: caFile,
    AWS_REGION: region,
  });
  const signIn = await openSignIn(settings, silentLog);
  pool = openDatabase({
    url: settings.DATABASE_URL,
    poolSize: 3,
    applicationName: 'test',
    log: silentLog,
    statementSeconds: 1,
    slackSeconds: 0.5,
    signIn,
  });
  parts.defer(() => pool.close());
}, 120_000);
afterEach(() => parts.disposeAsync());

async function on(server: PostgresServer, ...statements: string[]) {
  const admin = postgres(server.url, { max: 1 });
  for (const statement of statements) await admin.unsafe(statement);
  await admin.end();
}

const note = (text: string) => pool.db.execute(sql`insert into notes values (${text})`);
const errorOf = (asked: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(asked).then(
    () => undefined,
    (error: unknown) => error,
  );
/** Opens three connections, and one that listens. */
async function useAll(): Promise<string[]> {
  const received: string[] = [];
  await pool.sql.listen('changes', (text) => received.push(text));
  await Promise.all([1, 2, 3].map(() => pool.db.execute(sql`select pg_sleep(0.1)`)));
  return received;
}

async function untilReceived(received: string[], text: string) {
  await eventually(async () => {
    await pool.sql.notify('changes', text);
    expect(received).toContain(text);
  });
}

async function notesOf(server: PostgresServer): Promise<unknown[]> {
  const admin = postgres(server.url, { max: 1 });
  const rows = await admin`select text from notes`;
  await admin.end();
  return rows.map((row) => row.text as unknown);
}

test('after the primary is lost, writes and notifications continue at the promoted replica', async () => {
  const received = await useAll();
  await note('before');
  await replica.catchUp();
  await primary.stop();
  expect(toOutage(await errorOf(note('lost')))).toMatchObject({ code: 'unavailable' });
  await replica.promote();
  rds.move(replica.url);
  await eventually(() => note('after'));
  await untilReceived(received, 'after');
  expect(await notesOf(replica)).toEqual(['before', 'after']);
});

test('while the host name resolves to a standby, it gets no queries and few connections, and notifications continue later', async () => {
  const received = await useAll();
  const signIns = rds.tokens.length;
  const since = performance.now();
  rds.move(replica.url);
  rds.cut();
  // The listening connection is reopened repeatedly.
  await vi.waitUntil(() => rds.tokens.length - signIns > 3, 20_000);
  expect(performance.now() - since).toBeGreaterThan(2500);
  const errors = await Promise.all([1, 2, 3].map(() => errorOf(pool.db.execute(sql`select 1`))));
  expect(errors.map((error) => toOutage(error)?.code)).toEqual(errors.map(() => 'unavailable'));
  await replica.promote();
  await eventually(() => note('after'));
  await untilReceived(received, 'after');
});

test('connections to a primary that became read-only are replaced by connections to its successor', async () => {
  const received = await useAll();
  await on(primary, 'alter system set default_transaction_read_only = on', 'select pg_reload_conf()');
  await replica.catchUp();
  await replica.promote();
  rds.move(replica.url);
  const refused = await vi.waitUntil(
    () => errorOf(pool.db.transaction((tx) => tx.execute(sql`insert into notes values ('lost')`))),
    20_000,
  );
  expect(refused).toMatchObject({ cause: { code: '25006' } });
  expect(toOutage(refused)).toMatchObject({ code: 'unavailable' });
  await eventually(() => note('after'));
  await untilReceived(received, 'after');
  expect(await notesOf(replica)).toEqual(['after']);
});
