import { readMigrationFiles } from 'drizzle-orm/migrator';
import type postgres from 'postgres';

/** Statements that Postgres refuses within a transaction. */
const outsideOfTransactions = /\b(create|drop)\s+(unique\s+)?index\s+concurrently\b/i;

/**
 * Applies the migrations of a folder that a database does not have yet, each in one transaction with the row that records
 * it. A migration with `CREATE` or `DROP INDEX CONCURRENTLY` runs without a transaction; if it fails, all of it is run
 * again next time. The record is that of Drizzle's own migrator.
 */
export async function applyMigrations(connection: postgres.Sql, migrationsFolder: string): Promise<void> {
  const last = await lastRecorded(connection);
  for (const migration of readMigrationFiles({ migrationsFolder })) {
    const { sql: statements, folderMillis, hash } = migration;
    if (folderMillis <= last) continue;
    const apply = async (sql: postgres.Sql | postgres.TransactionSql) => {
      for (const statement of statements) await sql.unsafe(statement);
      await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values (${hash}, ${folderMillis})`;
    };
    if (statements.some((statement) => outsideOfTransactions.test(withoutComments(statement)))) {
      await withoutLockTimeout(connection, apply);
    } else {
      await connection.begin(apply);
    }
  }
}

const withoutComments = (statement: string) => statement.replaceAll(/--[^\n]*|\/\*[^]*?\*\//g, ' ');

async function lastRecorded(connection: postgres.Sql): Promise<number> {
  await connection`create schema if not exists drizzle`;
  await connection`
    create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`;
  const [row] = await connection<{ last: number | null }[]>`
    select max(created_at)::float8 as last from drizzle.__drizzle_migrations`;
  return row?.last ?? 0;
}

/** A concurrent index build waits for the open transactions of others, and blocks nobody meanwhile. */
async function withoutLockTimeout(connection: postgres.Sql, work: (sql: postgres.Sql) => Promise<void>) {
  const [row] = await connection<{ timeout: string }[]>`select current_setting('lock_timeout') as timeout`;
  await connection`select set_config('lock_timeout', '0', false)`;
  try {
    await work(connection);
  } finally {
    await connection`select set_config('lock_timeout', ${row!.timeout}, false)`;
  }
}
