import { trackPuts } from '@portfolio/core/removable-object/track-puts';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase, openReader } from '@portfolio/core/runtime/database';
import { openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { openEncryption } from '@portfolio/core/runtime/encryption';
import { createLog } from '@portfolio/core/runtime/log';
import { createSchemaCheck } from '@portfolio/core/runtime/migrate';
import { openQueues } from '@portfolio/core/runtime/queue';
import { createScanner } from '@portfolio/core/runtime/scanner';
import { startWithRetries } from '@portfolio/core/runtime/start-with-retries';
import { ignoreUnhandledOutages } from '@portfolio/core/runtime/unhandled-outages';
import { readSettings, workerSettings, workerStop } from '@portfolio/core/runtime/settings';
import { startTelemetry } from '@portfolio/core/runtime/telemetry';
import { createWakeUps } from '@portfolio/core/runtime/wake-ups';
import { tasks } from '@portfolio/core/schedule/tasks';
import { checkWebhookSecrets } from '@portfolio/core/webhook/encrypt-secrets';
import closeWithGrace from 'close-with-grace';
import platform from '../../../package.json' with { type: 'json' };
import { createHandlers } from './handlers/index.ts';
import { serveHealth } from './health.ts';
import { startSchedule } from './schedule.ts';
import { slotsOf, startWorker } from './worker.ts';

const settings = readSettings(workerSettings);
const log = createLog('worker', settings.LOG_LEVEL);
const telemetry = await startTelemetry(settings, { program: 'worker', version: platform.version, log });
const aws = { region: settings.AWS_REGION, endpoint: settings.AWS_ENDPOINT_URL };
const leaseSeconds = settings.LEASE_SECONDS;

const slots = slotsOf(settings.WORKER_SLOTS);
const totalSlots = Object.values(slots).reduce((sum, count) => sum + count, 0);

const encryption = await openEncryption(settings.ENCRYPTION_KEYS, { aws, log });
const { CLAMAV_ADDRESS: clamav } = settings;
const scanner = clamav ? createScanner(clamav) : null;
const signIn = await openSignIn(settings, log);
const pool = {
  // A job may use one connection for a transaction and need another.
  poolSize: Math.max(settings.DATABASE_POOL_SIZE, totalSlots + 1),
  applicationName: 'portfolio-worker',
  // Sweeps and reports read many rows.
  statementSeconds: 60,
  log,
  signIn,
};
const database = openDatabase({ url: settings.DATABASE_URL, ...pool });
const pipeline = openDatabase({
  url: settings.DATABASE_URL,
  ...pool,
  poolName: 'pipeline',
  poolSize: 4,
  fixedPlans: true,
});
const { db } = database;
const reader = openReader(database, { readerUrl: settings.DATABASE_READER_URL, ...pool });
const bucket = trackPuts(openBucket(aws, settings.BUCKET_NAME, log), db);
const queues = openQueues(aws, { ...settings.QUEUE_URLS, dead: settings.DEAD_LETTER_QUEUE_URL }, log);
const wakeUps = createWakeUps(queues, log);
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
            queue: (signal) => queues.check(signal),
            bucket: (signal) => bucket.check(signal),
            schema: isSchemaCurrent,
          },
          isAcceptingJobs: () => isAcceptingJobs && !draining.signal.aborted,
          log,
        },
      );
// Jobs would fail and use up their attempts if the tables they need did not exist yet.
await startWithRetries(log, isSchemaCurrent);
// Messages could not be signed.
await startWithRetries(log, () => checkWebhookSecrets(db, encryption));

const handlers = createHandlers({
  allowPrivate: settings.OUTBOUND_ALLOW_PRIVATE,
  encryption,
  scanner,
  log,
});
const { POLL_SECONDS: pollSeconds, SWEEP_SECONDS: sweepSeconds } = settings;
const databases = { db, pipelineDb: pipeline.db, reader: reader.db };
const services = { ...databases, bucket, wakeUps, jobBus, encryption, log };
const worker = await startWorker(
  {
    ...services,
    queues,
    handlers,
    slots,
    shares: settings.TENANT_SHARES,
    leaseSeconds,
    pollSeconds,
    sweepSeconds,
    retryFactor: settings.RETRY_FACTOR,
  },
  draining.signal,
  stop.signal,
);
const scheduling = startSchedule(
  { ...services, tasks, leaseSeconds, pollSeconds: sweepSeconds },
  draining.signal,
);
isAcceptingJobs = true;
log.info({ slots }, 'worker is accepting jobs');

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
    await Promise.all([worker.ended, scheduling]);
    clearTimeout(deadline);
    await wakeUps.idle();
    jobBus.close();
    await reader.close();
    await pipeline.close();
    await database.close();
    signIn.close();
    encryption.close();
    health?.close();
    bucket.close();
    queues.close();
    await telemetry.close();
  },
);

ignoreUnhandledOutages(log);

/** The first signal lets running jobs finish, the second returns them to the queue, the third ends the process. */
const stages: (() => unknown)[] = [close, () => stop.abort(), () => process.exit(1)];
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stages.shift()?.());
