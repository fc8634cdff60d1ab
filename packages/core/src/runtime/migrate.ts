import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { drizzle } from 'drizzle-orm/postgres-js';
import { migrate as applyMigrations } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';

/** Any constant will do: all that migrate wait for the same one. */
const lockKey = 7_016_996_765_293;

/** In the repository the migrations are at its root; in a bundle they lie beside it. */
function migrationsFolder(): string {
  const candidates = ['./drizzle', '../../../../drizzle'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (!found) throw new Error(`There are no migrations at ${candidates.join(' or ')}.`);
  return found;
}

/** Brings the database up to date. Safe to run from many processes at once: one works, the others wait. */
export async function migrate(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    // The lock ends with the session, so a process that dies here blocks nobody.
    await sql`select pg_advisory_lock(${lockKey})`;
    await applyMigrations(drizzle(sql), { migrationsFolder: migrationsFolder() });
  } finally {
    await sql.end();
  }
}
