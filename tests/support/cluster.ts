import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../dev/postgres.ts';
import { migrate } from '../../packages/core/src/runtime/migrate.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser's connection string to the cluster of this run. */
    clusterUrl: string;
    /** The migrated database that `testDatabase` copies. */
    templateName: string;
  }
}

const templateName = 'template_migrated';

/** Vitest's global setup: one Postgres for the run, with a migrated template. Returns the teardown. */
export default async function startCluster(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'portfolio-tests-'));
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const server = await startPostgres({ dataDir: folder, durable: false });
    const stop = async (): Promise<void> => {
      await server.stop();
      await removeFolder();
    };
    try {
      await createTemplate(server.url);
    } catch (error) {
      await stop();
      throw error;
    }
    project.provide('clusterUrl', server.url);
    project.provide('templateName', templateName);
    return stop;
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function createTemplate(clusterUrl: string): Promise<void> {
  const sql = postgres(clusterUrl, { max: 1 });
  try {
    await sql`create database ${sql(templateName)}`;
    const url = new URL(clusterUrl);
    url.pathname = `/${templateName}`;
    await migrate(url.href);
    // A database that anybody is connected to cannot be copied.
    await sql`alter database ${sql(templateName)} with is_template true allow_connections false`;
  } finally {
    await sql.end();
  }
}
