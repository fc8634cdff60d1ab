// Our worker in a process of its own: as packages/worker/src/main.ts composes it, with handlers that do nothing.
import { type JobKind, type StoredResult, jobKinds, ofEachKind } from '@portfolio/core/job/kinds';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { openQueue } from '@portfolio/core/runtime/queue';
import { createOutboxNotifier } from '@portfolio/core/runtime/relay';
import { createConcurrencyLimit } from '../../packages/worker/src/concurrency-limit.ts';
import { consume } from '../../packages/worker/src/consumer.ts';
import type { Handlers } from '../../packages/worker/src/handlers/index.ts';
import { sweep } from '../../packages/worker/src/sweep.ts';
import { type Handle, serveWorker } from './serve-worker.ts';
import type { Cloud } from './servers.ts';
import { connections, slots } from './system.ts';

type Settings = { url: string; cloud: Cloud; slotsOf: Partial<Record<JobKind, number>> };

const pollSeconds = 1;
const sweepSeconds = 2;
const leaseSeconds = 30;

serveWorker<Settings>(async ({ url, cloud, slotsOf }, handle) => {
  const log = createLog('worker', 'info');
  const { db, sql } = openDatabase({ url, poolSize: connections, applicationName: 'worker', log });
  const connection = { region: cloud.AWS_REGION, endpoint: cloud.AWS_ENDPOINT_URL };
  const bucket = openBucket(connection, cloud.BUCKET_NAME, log);
  const queue = openQueue(connection, cloud.QUEUE_URL, log);
  const deadLetters = openQueue(connection, cloud.DEAD_LETTER_QUEUE_URL, log);
  const outboxNotifier = createOutboxNotifier(db, queue, log);
  const jobBus = createJobBus(sql, log);
  await jobBus.listen();
  const handlers = handlersThatDoNothing(handle);
  const runner = { db, bucket, outboxNotifier, jobBus, log, handlers, leaseSeconds, retryFactor: 1 };
  const slotsOfKinds = { ...ofEachKind((kind) => jobKinds[kind].concurrency), ...slotsOf };

  return async () => {
    const draining = new AbortController();
    const never = new AbortController().signal;
    const acquireSlot = createConcurrencyLimit(slotsOfKinds);
    const consumer = { ...runner, queue, acquireSlot, pollSeconds };
    const running = [
      ...Array.from({ length: slots }, () => consume(consumer, draining.signal, never)),
      sweep({ ...runner, deadLetters, sweepSeconds }, draining.signal),
    ];
    return async () => {
      draining.abort();
      await Promise.all(running);
      await outboxNotifier.idle();
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
