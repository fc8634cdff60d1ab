import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase, openReader } from '@portfolio/core/runtime/database';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { openQueue } from '@portfolio/core/runtime/queue';
import { readSettings, workerSettings } from '@portfolio/core/runtime/settings';
import closeWithGrace from 'close-with-grace';
import { consume } from './consumer.ts';
import { createHandlers } from './handlers/index.ts';
import { sweep } from './sweep.ts';

/** How long running jobs may go on after a stop was asked for. */
const drainMilliseconds = 10_000;

const settings = readSettings(workerSettings);
const log = createLog('worker', settings.LOG_LEVEL);
const aws = { region: settings.AWS_REGION, endpoint: settings.AWS_ENDPOINT_URL };
const leaseSeconds = settings.LEASE_SECONDS;

const pool = {
  poolSize: Math.max(settings.DATABASE_POOL_SIZE, settings.WORKER_CONCURRENCY),
  applicationName: 'portfolio-worker',
};
const database = openDatabase({ url: settings.DATABASE_URL, ...pool });
const { db } = database;
const reader = openReader(database, { readerUrl: settings.DATABASE_READER_URL, ...pool });
const bucket = openBucket(aws, settings.BUCKET_NAME);
const queue = openQueue(aws, settings.QUEUE_URL);
const jobBus = createJobBus(database.sql, log);
// Hints of cancels come by it.
await jobBus.listen();

const draining = new AbortController();
const stop = new AbortController();
const handlers = createHandlers({ allowPrivate: settings.OUTBOUND_ALLOW_PRIVATE });
const runner = {
  db,
  reader: reader.db,
  bucket,
  jobBus,
  log,
  handlers,
  leaseSeconds,
  retrySeconds: settings.RETRY_SECONDS,
};
const slots = Array.from({ length: settings.WORKER_CONCURRENCY }, () =>
  consume({ ...runner, queue, pollSeconds: settings.POLL_SECONDS }, draining.signal, stop.signal),
);
const sweeping = sweep(
  { db, bucket, queue, jobBus, log, sweepSeconds: settings.SWEEP_SECONDS },
  draining.signal,
);
log.info({ slots: slots.length }, 'worker is taking jobs');

closeWithGrace({ delay: (settings.POLL_SECONDS + 5) * 1000 + drainMilliseconds, logger: log }, async () => {
  draining.abort();
  const late = setTimeout(() => stop.abort(), drainMilliseconds);
  await Promise.all([...slots, sweeping]);
  clearTimeout(late);
  jobBus.close();
  await reader.close();
  await database.close();
  bucket.close();
  queue.close();
});
