import { execFile } from 'node:child_process';
import { appendFile, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { vi } from 'vitest';
import { type PostgresServer, startPostgres } from '../../dev/postgres.ts';

const run = promisify(execFile);
const timeoutMilliseconds = 30_000;

/** A server that replicates another one by streaming, and serves reads. */
export type Replica = PostgresServer & {
  /** Resolves when it has replayed everything that the primary has committed so far. */
  catchUp(): Promise<void>;
  /** Makes it lag: it still receives changes, but replays nothing until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Makes it a primary. */
  promote(): Promise<void>;
};

/**
 * Makes a streaming replica of a running server, whose data is in `primaryFolder`, in the new folder `dataDir`: a base
 * backup (PostgreSQL, "Making a Base Backup Using the Low Level API") and a replication slot.
 */
export async function startReplica(
  primary: PostgresServer,
  primaryFolder: string,
  dataDir: string,
): Promise<Replica> {
  const cluster = join(dataDir, 'cluster');
  await mkdir(dataDir, { mode: 0o700 });
  await copyFile(join(primaryFolder, 'password'), join(dataDir, 'password'));
  // A backup begins and ends in one session.
  const sql = postgres(primary.url, { max: 1 });
  try {
    await sql`select pg_create_physical_replication_slot('replica', true)`;
    await sql`select pg_backup_start('replica', true)`;
    await run('cp', ['-a', join(primaryFolder, 'cluster'), cluster]);
    const [backup] = await sql`select labelfile from pg_backup_stop(false)`;
    await makeStandby(cluster, primary, String(backup!.labelfile));
  } finally {
    await sql.end();
  }
  const server = await startPostgres({ dataDir, durable: false });
  return { ...server, ...controls(primary, server) };
}

async function makeStandby(cluster: string, primary: PostgresServer, label: string): Promise<void> {
  for (const file of ['postmaster.pid', 'postmaster.opts']) await rm(join(cluster, file), { force: true });
  await rm(join(cluster, 'pg_replslot/replica'), { recursive: true });
  // It gets these by streaming.
  const log = join(cluster, 'pg_wal');
  const segments = (await readdir(log, { withFileTypes: true })).filter((entry) => entry.isFile());
  await Promise.all(segments.map(({ name }) => rm(join(log, name))));
  const { hostname, port, username, password } = new URL(primary.url);
  const connection = `host=${hostname} port=${port} user=${username} password=${password}`;
  const lines = [`primary_conninfo = '${connection}'`, "primary_slot_name = 'replica'", ''];
  await appendFile(join(cluster, 'postgresql.auto.conf'), lines.join('\n'));
  await writeFile(join(cluster, 'backup_label'), label);
  await writeFile(join(cluster, 'standby.signal'), '');
}

/** The column `answer` of the first row of a statement. */
async function ask(url: string, statement: string): Promise<unknown> {
  const sql = postgres(url, { max: 1 });
  try {
    const [row] = await sql.unsafe(statement);
    return row?.answer;
  } finally {
    await sql.end();
  }
}

function controls(primary: PostgresServer, server: PostgresServer): Omit<Replica, keyof PostgresServer> {
  const until = (statement: string) =>
    vi.waitUntil(() => ask(server.url, `select ${statement} as answer`), {
      timeout: timeoutMilliseconds,
      interval: 50,
    });
  return {
    async catchUp() {
      // Of what is inserted: where commits are not synchronous, they are written a little later.
      const position = await ask(primary.url, 'select pg_current_wal_insert_lsn()::text as answer');
      await until(`pg_last_wal_replay_lsn() >= '${String(position)}'::pg_lsn`);
    },
    async pause() {
      await ask(server.url, 'select pg_wal_replay_pause()');
      await until("pg_get_wal_replay_pause_state() = 'paused'");
    },
    async resume() {
      await ask(server.url, 'select pg_wal_replay_resume()');
    },
    async promote() {
      await ask(server.url, 'select pg_promote()');
      await until('not pg_is_in_recovery()');
    },
  };
}
