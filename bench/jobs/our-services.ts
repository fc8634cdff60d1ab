import { type Actor, scopeSchema } from '@portfolio/core/actor';
import type { Ctx } from '@portfolio/core/context';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { createPublished } from '@portfolio/core/runtime/published-changes';
import { openQueue } from '@portfolio/core/runtime/queue';
import { createOutboxNotifier } from '@portfolio/core/runtime/relay';
import { credentialsFile } from './child-process.ts';
import type { Servers } from './servers.ts';
import { connections } from './system.ts';

export const owner = {
  kind: 'user',
  subject: 'bench',
  scopes: scopeSchema.options,
  expiresAt: null,
} satisfies Actor;

/** The services of the API, as its main.ts composes them, with the context of the owner's calls. */
export function openServices({ users, cloud }: Servers) {
  process.loadEnvFile(credentialsFile);
  const log = createLog('bench', 'warn');
  const open = (url: string) => openDatabase({ url, poolSize: connections, applicationName: 'bench', log });
  const [api, worker] = [open(users.api), open(users.worker)];
  const aws = { region: cloud.AWS_REGION, endpoint: cloud.AWS_ENDPOINT_URL };
  const queue = openQueue(aws, cloud.QUEUE_URL, log);
  const bucket = openBucket(aws, cloud.BUCKET_NAME, log);
  const outboxNotifier = createOutboxNotifier(api.db, queue, log);
  const jobBus = createJobBus(api.sql, log);
  const published = createPublished(api.sql, log);
  const services = { db: api.db, reader: api.db, bucket, outboxNotifier, jobBus, published };
  const ctx: Ctx = { ...services, actor: owner, signal: new AbortController().signal };
  return {
    ctx,
    /** The database, as the user of the worker. */
    workerDb: worker.db,
    /** Resolves when all wake-ups are sent. */
    idle: () => outboxNotifier.idle(),
    async close() {
      await outboxNotifier.idle();
      jobBus.close();
      await Promise.all([api.close(), worker.close()]);
      bucket.close();
      queue.close();
    },
  };
}
