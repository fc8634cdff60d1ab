import { join } from 'node:path';
import postgres from 'postgres';
import { letUsersIn } from '../../dev/database-users.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { migrate } from '../../packages/core/src/runtime/migrate.ts';
import type { Shared } from './shared.ts';

const template = 'template_migrated';

/** Starts the one Postgres of a run, with a migrated template, which `testDatabase` copies. */
export async function startCluster(
  folder: string,
  started: AsyncDisposableStack,
): Promise<Shared['cluster']> {
  const server = await startPostgres({ dataDir: join(folder, 'postgres'), durable: false });
  started.defer(() => server.stop());
  const sql = postgres(server.url, { max: 1 });
  try {
    await sql`create database ${sql(template)}`;
    const url = new URL(server.url);
    url.pathname = `/${template}`;
    await migrate({ url: url.href }, { url: url.href });
    await letUsersIn(url.href);
    // A database that anybody is connected to cannot be copied.
    await sql`alter database ${sql(template)} with is_template true allow_connections false`;
  } finally {
    await sql.end();
  }
  return { url: server.url, template };
}
