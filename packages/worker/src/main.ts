import { trackPuts } from '@portfolio/core/removable-object/track-puts';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase, openReader } from '@portfolio/core/runtime/database';
import { openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { jobKinds, ofEachKind } from '@portfolio/core/job/kinds';
import { createSchemaCheck } from '@portfolio/core/runtime/migrate';
import { openQueue } from '@portfolio/core/runtime/queue';
import { createOutboxNotifier } from '@portfolio/core/runtime/relay';
import { startWithRetries } from '@portfolio/core/runtime/start-with-retries';
import { ignoreUnhandledOutages } from '@portfolio/core/runtime/unhandled-outages';
import { readSettings, workerSettings, workerStop } from '@portfolio/core/runtime/settings';
import { tasks } from '@portfolio/core/schedule/tasks';
import closeWithGrace from 'close-with-grace';
import { consume } from './consumer.ts';
import { createHandlers } from './handlers/index.ts';
import { serveHealth } from './health.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import { startSchedule } from './schedule.ts';
import { sweep } from './sweep.ts';

const settings = readSettings(workerSettings);
const log = createLog('worker', settings.LOG_LEVEL);
const aws = { region: settings.AWS_REGION, endpoint: settings.AWS_ENDPOINT_URL };
const leaseSeconds = settings.LEASE_SECONDS;

const signIn = await openSignIn(settings, log);
const pool = {
  // A job may hold one in a transaction and need another.
  poolSize: Math.max(settings.DATABASE_POOL_SIZE, settings.WORKER_CONCURRENCY + 1),
  applicationName: 'portfolio-worker',
  // Sweeps and reports go over many rows.
  statementSeconds: 60,
  log,
  signIn,
};
const database = openDatabase({ url: settings.DATABASE_URL, ...pool });
const { db } = database;
const reader = openReader(database, { readerUrl: settings.DATABASE_READER_URL, ...pool });
const bucket = trackPuts(openBucket(aws, settings.BUCKET_NAME, log), db);
const queue = openQueue(aws, settings.QUEUE_URL, log);
const deadLetters = openQueue(aws, settings.DEAD_LETTER_QUEUE_URL, log);
const outboxNotifier = createOutboxNotifier(db, queue, log);
const jobBus = createJobBus(database.sql, log);
// Hints of cancels come by it.
await jobBus.listen();

const draining = new AbortController();
const stop = new AbortController();
const isSchemaCurrent = createSchemaCheck(db);
let isTaking = false;
const { HOST: host, HEALTH_PORT: port } = settings;
const health =
  port === undefined
    ? undefined
    : await serveHealth(
        { host, port },
        {
          dependencies: {
            database: database.check,
            queue: (signal) => queue.check(signal),
            bucket: (signal) => bucket.check(signal),
            schema: isSchemaCurrent,
          },
          isTaking: () => isTaking && !draining.signal.aborted,
          log,
        },
      );
// Jobs whose tables are not there yet would fail, and use up their attempts.
await startWithRetries(log, isSchemaCurrent);

const handlers = createHandlers({ allowPrivate: settings.OUTBOUND_ALLOW_PRIVATE, log });
const { RETRY_FACTOR: retryFactor, POLL_SECONDS: pollSeconds, SWEEP_SECONDS: sweepSeconds } = settings;
const runner = {
  db,
  reader: reader.db,
  bucket,
  outboxNotifier,
  jobBus,
  log,
  handlers,
  leaseSeconds,
  retryFactor,
};
const room = createConcurrencyLimit(ofEachKind((kind) => jobKinds[kind].concurrency));
const slots = Array.from({ length: settings.WORKER_CONCURRENCY }, () =>
  consume({ ...runner, queue, room, pollSeconds }, draining.signal, stop.signal),
);
const sweeping = sweep({ ...runner, deadLetters, sweepSeconds }, draining.signal);
const scheduling = startSchedule({ ...runner, tasks, pollSeconds: sweepSeconds }, draining.signal);
isTaking = true;
log.info({ slots: slots.length }, 'worker is taking jobs');

const { close } = closeWithGrace(
  {
    delay: (pollSeconds + workerStop.close) * 1000,
    logger: log,
    skip: ['SIGINT', 'SIGTERM', 'unhandledRejection'],
  },
  async ({ err }) => {
    if (err) log.fatal({ err }, 'the worker ends: something unforeseen was thrown');
    draining.abort();
    const late = setTimeout(() => stop.abort(), workerStop.drain * 1000);
    await Promise.all([...slots, sweeping, scheduling]);
    clearTimeout(late);
    await outboxNotifier.idle();
    jobBus.close();
    await reader.close();
    await database.close();
    signIn.close();
    health?.close();
    bucket.close();
    queue.close();
    deadLetters.close();
  },
);

ignoreUnhandledOutages(log);

/** The first signal lets running jobs end, the second gives them back at once, the third ends the process. */
const stages: (() => unknown)[] = [close, () => stop.abort(), () => process.exit(1)];
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stages.shift()?.());
