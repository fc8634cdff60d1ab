import { randomUUID } from 'node:crypto';
import postgres from 'postgres';
import { inject } from 'vitest';

export interface TestDatabase {
  /** Connection string, for the owner of everything in it. */
  url: string;
  /** Removes the database and ends what is still connected to it. */
  drop(): Promise<void>;
}

/** Makes a database of its own for a test file: all migrations applied, no rows. */
export async function testDatabase(): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  // Faster than the default strategy where nothing waits for the disk: about 20 ms.
  await onCluster(
    (sql) => sql`create database ${sql(name)} template ${sql(inject('templateName'))} strategy file_copy`,
  );
  const url = new URL(inject('clusterUrl'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () => onCluster((sql) => sql`drop database ${sql(name)} with (force)`),
  };
}

async function onCluster(statement: (sql: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
  const sql = postgres(inject('clusterUrl'), { max: 1 });
  try {
    await statement(sql);
  } finally {
    await sql.end();
  }
}
