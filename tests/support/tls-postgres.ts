import { chown, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import postgres from 'postgres';
import { type PostgresServer, startPostgres } from '../../dev/postgres.ts';

const rules = [
  'hostnossl all +rds_iam all trust',
  'hostssl all +rds_iam all reject',
  'host all,replication portfolio all scram-sha-256',
  'hostssl all all all scram-sha-256',
  '',
];

/**
 * A Postgres server as on RDS: users must use TLS. Members of the role `rds_iam` are trusted without TLS only, which is how
 * `simulateRds` connects after it has verified their token. The superuser signs in as usual.
 */
export async function startTlsPostgres(
  dataDir: string,
  { key, cert }: { key: string; cert: string },
): Promise<PostgresServer> {
  const server = await startPostgres({ dataDir, durable: false });
  const cluster = join(dataDir, 'cluster');
  const { uid, gid } = await stat(cluster);
  for (const [name, text] of Object.entries({ 'server.key': key, 'server.crt': cert })) {
    const file = join(cluster, name);
    await writeFile(file, text, { mode: 0o600 });
    await chown(file, uid, gid);
  }
  await writeFile(join(cluster, 'pg_hba.conf'), rules.join('\n'));
  const sql = postgres(server.url, { max: 1 });
  await sql`create role rds_iam`;
  await sql`alter system set ssl = on`;
  await sql`select pg_reload_conf()`;
  await sql.end();
  return server;
}
