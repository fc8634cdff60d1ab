// Our worker in a process of its own: as packages/worker/src/main.ts composes it, with handlers that do nothing.
import { type JobKind, type StoredResult, ofEachKind } from '@portfolio/core/job/kinds';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { openQueues } from '@portfolio/core/runtime/queue';
import { readSettings, workerSettings } from '@portfolio/core/runtime/settings';
import { startTelemetry } from '@portfolio/core/runtime/telemetry';
import { createWakeUps } from '@portfolio/core/runtime/wake-ups';
import { testEncryption } from '../../tests/support/encryption.ts';
import type { Handlers } from '../../packages/worker/src/handlers/index.ts';
import { slotsOf, startWorker } from '../../packages/worker/src/worker.ts';
import { type Handle, serveWorker } from './serve-worker.ts';
import type { Cloud } from './servers.ts';
import { connections } from './system.ts';

type Settings = {
  url: string;
  cloud: Cloud;
  slots: Partial<Record<JobKind, number>>;
  /** Off where it is not given. */
  telemetry?: Record<string, string>;
};

const pollSeconds = 1;
const sweepSeconds = 2;
const leaseSeconds = 30;

serveWorker<Settings>(async ({ url, cloud, slots, telemetry = {} }, handle) => {
  const log = createLog('worker', 'info');
  const read = readSettings(workerSettings, {
    DATABASE_URL: url,
    ...cloud,
    ...testEncryption,
    ...telemetry,
  });
  const { QUEUE_URLS, DEAD_LETTER_QUEUE_URL: dead } = read;
  await startTelemetry(read, { program: 'worker', version: 'bench', log });
  const pipelineConnections = 3;
  const pool = { url, applicationName: 'worker', log };
  const { db, sql } = openDatabase({ ...pool, poolSize: connections - pipelineConnections });
  const pipeline = openDatabase({ ...pool, poolSize: pipelineConnections, fixedPlans: true });
  const connection = { region: cloud.AWS_REGION, endpoint: cloud.AWS_ENDPOINT_URL };
  const bucket = openBucket(connection, cloud.BUCKET_NAME, log);
  const queues = openQueues(connection, { ...QUEUE_URLS, dead }, log);
  const wakeUps = createWakeUps(queues, log);
  const jobBus = createJobBus(sql, log);
  await jobBus.listen();
  const handlers = handlersThatDoNothing(handle);
  const services = { db, pipelineDb: pipeline.db, bucket, wakeUps, jobBus, log };
  // Where one portfolio has all of the jobs, it may use all slots, as the peers do.
  const settings = { pollSeconds, sweepSeconds, leaseSeconds, retryFactor: 1, shares: { 'export.pdf': 1 } };

  return async () => {
    const draining = new AbortController();
    const never = new AbortController().signal;
    const { ended } = await startWorker(
      { ...services, ...settings, queues, handlers, slots: slotsOf(slots) },
      draining.signal,
      never,
    );
    return async () => {
      draining.abort();
      await ended;
      await wakeUps.idle();
    };
  };
});

const file = { fileName: 'a.pdf', contentType: 'application/pdf', sizeBytes: 1, sha256: '00', pages: 1 };
const results: { [Kind in JobKind]: StoredResult<Kind> } = {
  'export.pdf': { ...file, key: 'none' },
  'metrics.report': { ...file, key: 'none', asOf: null },
  'evidence.sync': { version: 1, changed: false, sha256: '00', sizeBytes: 1 },
  'webhook.deliver': { responseStatus: 200 },
};

function handlersThatDoNothing(handle: Handle) {
  const handlers = ofEachKind((kind) => async () => async (_: unknown, { job }: { job: { id: string } }) => {
    await handle(job.id, kind);
    return results[kind];
  });
  return handlers as unknown as Handlers;
}
