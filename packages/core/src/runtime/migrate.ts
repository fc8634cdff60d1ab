import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type postgres from 'postgres';
import type { Db } from '../context.ts';
import { applyMigrations } from './apply-migrations.ts';
import { openConnection } from './database.ts';
import { type SignIn, plainSignIn } from './database-sign-in.ts';
import { createUsers, grantAccess } from './database-users.ts';
import { SchemaBehind } from './health.ts';
import { hasCode, isSignInRefused } from './outage.ts';

/** An arbitrary constant: all migrating processes use the same one. */
const lockKey = 7_016_996_765_293;
const lockRetryMilliseconds = 200;
/** A statement that waits for a table lock blocks all others behind it, so it fails early and is retried. */
const lockTimeout = '5s';
const noSuchTable = '42P01';

export type Access = { url: string; signIn?: SignIn };

/** The migrations are at the root of the repository, or beside a bundle. */
function migrationsFolder(): string {
  const candidates = ['./drizzle', '../../../../drizzle'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (!found) throw new Error(`There are no migrations at ${candidates.join(' or ')}.`);
  return found;
}

/**
 * Migrates a database and the privileges of its users, as the owner of its tables. With `admins`, it first creates missing
 * users, as the first admin whose sign-in is accepted. Concurrent calls are safe: one works, the others wait.
 */
export async function migrate(owner: Access, ...admins: Access[]): Promise<void> {
  if (admins.length > 0) await createUsersAs(admins);
  await migrateWith(migrationsFolder(), owner);
}

/** As `migrate`, with the migrations of a given folder. */
export async function migrateWith(folder: string, owner: Access): Promise<void> {
  await locked(owner, async (connection) => {
    await applyMigrations(connection, folder);
    await grantAccess(connection);
  });
}

async function createUsersAs([admin, ...others]: Access[]) {
  try {
    await locked(admin!, createUsers);
  } catch (error) {
    if (others.length === 0 || !isSignInRefused(error)) throw error;
    await createUsersAs(others);
  }
}

async function locked(
  { url, signIn = plainSignIn }: Access,
  work: (connection: postgres.Sql) => Promise<void>,
) {
  const connection = openConnection(url, signIn);
  try {
    await takeLock(connection);
    await connection`select set_config('lock_timeout', ${lockTimeout}, false)`;
    await work(connection);
  } finally {
    await connection.end();
  }
}

/**
 * Takes the lock of migrations, which ends with the session, so that a process that crashes blocks nobody. It polls:
 * waiting within Postgres would hold a snapshot, for which CREATE INDEX CONCURRENTLY of the owner of the lock would wait.
 */
async function takeLock(connection: postgres.Sql) {
  const isTaken = async () => {
    const [row] = await connection<{ taken: boolean }[]>`select pg_try_advisory_lock(${lockKey}) as taken`;
    return row!.taken;
  };
  while (!(await isTaken())) await setTimeout(lockRetryMilliseconds);
}

/** The time of the newest applied migration of a database; 0 if there is none. */
async function lastApplied(db: Db): Promise<number> {
  try {
    const [row] = await db.execute<{ at: number | null }>(
      sql`select max(created_at)::float8 as at from drizzle.__drizzle_migrations`,
    );
    return row?.at ?? 0;
  } catch (error) {
    if (hasCode(error, noSuchTable)) return 0;
    throw error;
  }
}

/** A check that rejects with `SchemaBehind` until all migrations of this code are applied. Later ones are ignored. */
export function createSchemaCheck(db: Db): () => Promise<void> {
  const needed = Math.max(
    ...readMigrationFiles({ migrationsFolder: migrationsFolder() }).map(({ folderMillis }) => folderMillis),
  );
  let isCurrent = false;
  return async () => {
    isCurrent ||= (await lastApplied(db)) >= needed;
    if (!isCurrent) throw new SchemaBehind();
  };
}
