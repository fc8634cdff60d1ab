import { type Actor, scopeSchema } from '@portfolio/core/actor';
import type { Ctx } from '@portfolio/core/context';
import { createJobFeed } from '@portfolio/core/job/feed';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { createPublished } from '@portfolio/core/runtime/published-changes';
import { openEncryption } from '@portfolio/core/runtime/encryption';
import { openQueues } from '@portfolio/core/runtime/queue';
import { apiSettings, readSettings } from '@portfolio/core/runtime/settings';
import { createWakeUps } from '@portfolio/core/runtime/wake-ups';
import { testEncryption } from '../../tests/support/encryption.ts';
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
export async function openServices({ users, cloud }: Servers) {
  process.loadEnvFile(credentialsFile);
  const log = createLog('bench', 'warn');
  const pool = { poolSize: connections, applicationName: 'bench', log };
  const api = openDatabase({ url: users.api, ...pool });
  const worker = openDatabase({ url: users.worker, ...pool, fixedPlans: true });
  const aws = { region: cloud.AWS_REGION, endpoint: cloud.AWS_ENDPOINT_URL };
  const { QUEUE_URLS, ENCRYPTION_KEYS } = readSettings(apiSettings, {
    DATABASE_URL: users.api,
    ...cloud,
    ...testEncryption,
  });
  const queues = openQueues(aws, QUEUE_URLS, log);
  const bucket = openBucket(aws, cloud.BUCKET_NAME, log);
  const wakeUps = createWakeUps(queues, log);
  const jobBus = createJobBus(api.sql, log);
  const jobFeed = createJobFeed(api.db, jobBus, log);
  const published = createPublished(api.sql, log);
  const encryption = await openEncryption(ENCRYPTION_KEYS, { aws, log });
  const databases = { db: api.db, reader: api.db };
  const others = { bucket, wakeUps, jobBus, jobFeed, published, encryption, scanner: null };
  const services = { ...databases, ...others };
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
