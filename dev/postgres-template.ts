import { migrate } from '@portfolio/core/runtime/migrate';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { type Recipe, buildsFolder, findBuild, installedPackages } from './builds.ts';
import { enableDatabaseUsers } from './database-users.ts';
import { startPostgres } from './postgres.ts';
import { inRepository } from './repository.ts';

const recipe = (signal?: AbortSignal): Recipe => ({
  folder: buildsFolder('postgres'),
  inputs: [
    ...[
      'drizzle',
      ...globSync('drizzle/*.sql', { cwd: inRepository('.') }),
      'packages/core/src/runtime/database-users.ts',
      'dev/postgres.ts',
    ].map(inRepository),
    installedPackages,
  ],
  async make(folder) {
    const server = await startPostgres({ dataDir: join(folder, 'data'), durable: false, signal });
    try {
      signal?.throwIfAborted();
      await migrate({ url: server.url }, { url: server.url });
      await enableDatabaseUsers(server.url);
    } finally {
      await server.stop();
    }
    return [];
  },
});

/**
 * A stopped Postgres cluster with the current migrations and privileges, for `startPostgres` to copy: creating one takes
 * two seconds.
 */
export const postgresTemplate = async (signal?: AbortSignal) => join(await findBuild(recipe(signal)), 'data');
