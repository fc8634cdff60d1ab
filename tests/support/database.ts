import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { shared } from './shared.ts';

export interface TestDatabase {
  /** Connection string, for the owner of everything in it. */
  url: string;
  /** Removes the database and ends what is still connected to it. */
  drop(): Promise<void>;
}

/** Makes a database of its own for a test file: all migrations applied, no rows. */
export async function testDatabase(): Promise<TestDatabase> {
  const { template } = await shared('cluster');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Faster than the default strategy where nothing waits for the disk: about 20 ms.
  await onCluster((sql) => sql`create database ${sql(name)} template ${sql(template)} strategy file_copy`);
  const url = new URL((await shared('cluster')).url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => onCluster((sql) => sql`drop database ${sql(name)} with (force)`),
  };
}

async function onCluster(statement: (sql: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
  const sql = postgres((await shared('cluster')).url, { max: 1 });
  try {
    await statement(sql);
  } finally {
    await sql.end();
  }
}
