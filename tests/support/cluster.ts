import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import type { TestProject } from 'vitest/node';
import { letUsersIn } from '../../dev/database-users.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { buildWeb } from '../../dev/web.ts';
import { migrate } from '../../packages/core/src/runtime/migrate.ts';
import { installPlatform } from '../infra/synth/platform.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser's connection string to the cluster of this run. */
    clusterUrl: string;
    /** The migrated database that `testDatabase` copies. */
    templateName: string;
    /** Everything that this run writes; removed when it ends. */
    runFolder: string;
  }
}

const templateName = 'template_migrated';

/**
 * Vitest's global setup: SST's components and the page that is deployed, which take longer than a test may; one folder
 * for all that the run writes, and one Postgres with a migrated template database.
 *
 * @returns The teardown.
 */
export default async function setUpRun(project: TestProject): Promise<() => Promise<void>> {
  await installPlatform();
  await buildWeb(fileURLToPath(new URL('../../build/web', import.meta.url)));
  const runFolder = await mkdtemp(join(tmpdir(), 'portfolio-tests-'));
  // Not left to the teardown, which an interrupted run does not get to.
  process.once('exit', () => rmSync(runFolder, { recursive: true, force: true, maxRetries: 5 }));
  const server = await startPostgres({ dataDir: join(runFolder, 'postgres'), durable: false });
  await createTemplate(server.url);
  project.provide('clusterUrl', server.url);
  project.provide('templateName', templateName);
  project.provide('runFolder', runFolder);
  return () => server.stop();
}

async function createTemplate(clusterUrl: string): Promise<void> {
  const sql = postgres(clusterUrl, { max: 1 });
  try {
    await sql`create database ${sql(templateName)}`;
    const url = new URL(clusterUrl);
    url.pathname = `/${templateName}`;
    await migrate({ url: url.href }, { url: url.href });
    await letUsersIn(url.href);
    // A database that anybody is connected to cannot be copied.
    await sql`alter database ${sql(templateName)} with is_template true allow_connections false`;
  } finally {
    await sql.end();
  }
}
