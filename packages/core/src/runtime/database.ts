import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import type { Db } from '../context.ts';

export type Database = { db: Db; sql: postgres.Sql; close(): Promise<void> };

/** What serves analytical reads: the database at `readerUrl`, or where there is none `writer`, which it never closes. */
export function openReader(
  writer: Database,
  settings: { readerUrl: string | undefined; poolSize: number; applicationName: string },
): Pick<Database, 'db' | 'close'> {
  const { readerUrl, ...pool } = settings;
  return readerUrl === undefined
    ? { db: writer.db, close: async () => {} }
    : openDatabase({ url: readerUrl, ...pool });
}

/** A pool of connections, opened as they are needed. */
export function openDatabase(settings: { url: string; poolSize: number; applicationName: string }): Database {
  const sql = postgres(settings.url, {
    max: settings.poolSize,
    connect_timeout: 5,
    // By default up to 20 s pass before it is tried again, and queries wait for as long to fail.
    backoff: (retries: number) => Math.min(0.05 * 2 ** retries, 1),
    onnotice: () => {},
    connection: { application_name: settings.applicationName },
  });
  return { db: drizzle(sql), sql, close: () => sql.end({ timeout: 5 }) };
}
