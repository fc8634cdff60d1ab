import { join } from 'node:path';
import postgres from 'postgres';
import { enableDatabaseUsers } from '../../dev/database-users.ts';
import { postgresTemplate } from '../../dev/postgres-template.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { namePeopleBySubject } from './people.ts';
import type { Shared } from './shared.ts';

const template = 'template_migrated';

/** Starts the Postgres server of a run, with a migrated template database, which `testDatabase` copies. */
export async function startCluster(
  folder: string,
  started: AsyncDisposableStack,
): Promise<Shared['cluster']> {
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    durable: false,
    template: () => postgresTemplate(),
  });
  started.defer(() => server.stop());
  await enableDatabaseUsers(server.url);
  await namePeopleBySubject(server.url);
  const url = new URL(server.url);
  url.pathname = '/template1';
  // A database with open connections cannot be copied.
  const sql = postgres(url.href, { max: 1 });
  try {
    await sql`alter database postgres rename to ${sql(template)}`;
    await sql`create database postgres`;
    await sql`alter database ${sql(template)} with is_template true allow_connections false`;
  } finally {
    await sql.end();
  }
  return { url: server.url, template };
}
