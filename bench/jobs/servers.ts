import { migrate } from '@portfolio/core/runtime/migrate';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { createCloudResources } from '../../dev/cloud.ts';
import { enableDatabaseUsers } from '../../dev/database-users.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { startProcess } from './child-process.ts';

/** Addresses, credentials and names of the local queues and bucket, as the settings of the programs. */
export type Cloud = Awaited<ReturnType<typeof createCloudResources>>;

export type Servers = Awaited<ReturnType<typeof startServers>>;

/**
 * Starts one durable Postgres (fsync is on) with a database for each system, and one server of queues. `users` are the
 * connection strings of our programs, `urls` those of the superuser.
 */
export async function startServers() {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const server = await startPostgres({ dataDir: join(folder, 'postgres') });
  started.defer(() => server.stop());
  const queues = await startProcess('queue-server.ts');
  started.defer(() => queues.stop());
  const cloud = await queues.ask<Cloud>('open', undefined);

  const urls = await createDatabases(server.url, ['ours', 'graphile', 'pg_boss', 'bare']);
  await migrate({ url: urls.ours }, { url: urls.ours });
  const users = await enableDatabaseUsers(urls.ours);
  const all = started.move();
  const purgeQueues = () => queues.ask<void>('purge', undefined);
  return { folder, urls, users, cloud, purgeQueues, stop: () => all.disposeAsync() };
}

async function createDatabases<Name extends string>(
  url: string,
  names: Name[],
): Promise<Record<Name, string>> {
  const sql = postgres(url, { max: 1 });
  try {
    for (const name of names) await sql`create database ${sql(name as string)}`;
  } finally {
    await sql.end();
  }
  const urlOf = (name: Name) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  return Object.fromEntries(names.map((name) => [name, urlOf(name)])) as Record<Name, string>;
}
