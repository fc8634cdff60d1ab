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
  // A job may use one connection for a transaction and need another.
  poolSize: Math.max(settings.DATABASE_POOL_SIZE, settings.WORKER_CONCURRENCY + 1),
  applicationName: 'portfolio-worker',
  // Sweeps and reports read many rows.
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
// It delivers hints about cancelled jobs.
await jobBus.listen();

const draining = new AbortController();
const stop = new AbortController();
const isSchemaCurrent = createSchemaCheck(db);
let isAcceptingJobs = false;
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
          isAcceptingJobs: () => isAcceptingJobs && !draining.signal.aborted,
          log,
        },
      );
// Jobs would fail and use up their attempts if the tables they need did not exist yet.
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
const acquireSlot = createConcurrencyLimit(ofEachKind((kind) => jobKinds[kind].concurrency));
const consumers = Array.from({ length: settings.WORKER_CONCURRENCY }, () =>
  consume({ ...runner, queue, acquireSlot, pollSeconds }, draining.signal, stop.signal),
);
const sweeping = sweep({ ...runner, deadLetters, sweepSeconds }, draining.signal);
const scheduling = startSchedule({ ...runner, tasks, pollSeconds: sweepSeconds }, draining.signal);
isAcceptingJobs = true;
log.info({ concurrency: consumers.length }, 'worker is accepting jobs');

const { close } = closeWithGrace(
  {
    delay: (pollSeconds + workerStop.close) * 1000,
    logger: log,
    skip: ['SIGINT', 'SIGTERM', 'unhandledRejection'],
  },
  async ({ err }) => {
    if (err) log.fatal({ err }, 'uncaught exception; worker exiting');
    draining.abort();
    const deadline = setTimeout(() => stop.abort(), workerStop.drain * 1000);
    await Promise.all([...consumers, sweeping, scheduling]);
    clearTimeout(deadline);
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

/** The first signal lets running jobs finish, the second returns them to the queue, the third ends the process. */
const stages: (() => unknown)[] = [close, () => stop.abort(), () => process.exit(1)];
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stages.shift()?.());
