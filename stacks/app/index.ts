import type { Cluster } from '../cluster/index.ts';
import type { Cache } from '../data/cache.ts';
import type { Database } from '../data/database.ts';
import type { Files } from '../data/files.ts';
import type { Messaging } from '../data/messaging.ts';
import type { Images } from '../images/index.ts';
import type { Secrets } from '../security/secrets.ts';
import type { Stage } from '../stage.ts';
import { createApi } from './api.ts';
import { createMigration } from './migration.ts';
import { createRoles } from './roles.ts';
import { createWorker } from './worker.ts';

type Parts = {
  cluster: Cluster;
  database: Database;
  cache: Cache | null;
  files: Files;
  messaging: Messaging;
  images: Images;
  secrets: Secrets;
};

/** The parts of the stage that API, worker and migrations use. */
export type AppParts = Parts & { roles: ReturnType<typeof createRoles> };

type Dependencies = { admission: $util.Resource[]; prometheus: $util.Resource };

/** Migrates the database, then rolls out API and worker. Returns the resources of the API. */
export function createApp(
  stage: Stage,
  parts: Parts,
  { admission, prometheus }: Dependencies,
): $util.Resource[] {
  const app = { ...parts, roles: createRoles(parts) };
  const migration = createMigration(app, admission);
  const dependsOn = [prometheus, parts.cluster.scaling, ...migration];
  const api = createApi(stage, app, dependsOn);
  createWorker(stage, app, dependsOn);
  return api;
}
