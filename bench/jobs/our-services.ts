import { type Actor, scopeSchema } from '@portfolio/core/actor';
import type { Ctx } from '@portfolio/core/context';
import { createJobFeed } from '@portfolio/core/job/feed';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { createPublished } from '@portfolio/core/runtime/published-changes';
import { openQueues } from '@portfolio/core/runtime/queue';
import { apiSettings, readSettings } from '@portfolio/core/runtime/settings';
import { createWakeUps } from '@portfolio/core/runtime/wake-ups';
import { credentialsFile } from './child-process.ts';
import type { Servers } from './servers.ts';
import { connections } from './system.ts';

export const owner = {
  kind: 'user',
  id: 'bench',
  scopes: scopeSchema.options,
  expiresAt: null,
} satisfies Actor;

/** The services of the API, as its main.ts composes them, with the context of the owner's calls. */
export function openServices({ users, cloud }: Servers) {
  process.loadEnvFile(credentialsFile);
  const log = createLog('bench', 'warn');
  const pool = { poolSize: connections, applicationName: 'bench', log };
  const api = openDatabase({ url: users.api, ...pool });
  const worker = openDatabase({ url: users.worker, ...pool, fixedPlans: true });
  const aws = { region: cloud.AWS_REGION, endpoint: cloud.AWS_ENDPOINT_URL };
  const { QUEUE_URLS } = readSettings(apiSettings, { DATABASE_URL: users.api, ...cloud });
  const queues = openQueues(aws, QUEUE_URLS, log);
  const bucket = openBucket(aws, cloud.BUCKET_NAME, log);
  const wakeUps = createWakeUps(queues, log);
  const jobBus = createJobBus(api.sql, log);
  const jobFeed = createJobFeed(api.db, jobBus, log);
  const published = createPublished(api.sql, log);
  const services = { db: api.db, reader: api.db, bucket, wakeUps, jobBus, jobFeed, published };
  const ctx: Ctx = { ...services, actor: owner, signal: new AbortController().signal };
  return {
    ctx,
    /** The database, as the user of the worker. */
    workerDb: worker.db,
    /** Resolves when all wake-ups are sent. */
    idle: () => wakeUps.idle(),
    async close() {
      await wakeUps.idle();
      jobBus.close();
      await Promise.all([api.close(), worker.close()]);
      bucket.close();
      queues.close();
    },
  };
}
