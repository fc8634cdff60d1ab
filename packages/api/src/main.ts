import { readBacklog } from '@portfolio/core/job/backlog';
import { trackPuts } from '@portfolio/core/removable-object/track-puts';
import { adoptIssuer } from '@portfolio/core/person/identify';
import { createSecurityLog } from '@portfolio/core/audit/security-log';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase, openReader } from '@portfolio/core/runtime/database';
import { openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createJobFeed } from '@portfolio/core/job/feed';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { openEncryption } from '@portfolio/core/runtime/encryption';
import { createLog } from '@portfolio/core/runtime/log';
import { createSchemaCheck } from '@portfolio/core/runtime/migrate';
import { createPublished } from '@portfolio/core/runtime/published-changes';
import { openQueues } from '@portfolio/core/runtime/queue';
import { createRateCounter } from '@portfolio/core/runtime/rate-limit';
import { createScanner } from '@portfolio/core/runtime/scanner';
import { openSharedCache } from '@portfolio/core/runtime/shared-cache';
import { startWithRetries } from '@portfolio/core/runtime/start-with-retries';
import { ignoreUnhandledOutages } from '@portfolio/core/runtime/unhandled-outages';
import { apiSettings, apiStop, readSettings } from '@portfolio/core/runtime/settings';
import { startTelemetry } from '@portfolio/core/runtime/telemetry';
import { createWakeUps } from '@portfolio/core/runtime/wake-ups';
import { checkWebhookSecrets } from '@portfolio/core/webhook/encrypt-secrets';
import closeWithGrace from 'close-with-grace';
import { setTimeout as wait } from 'node:timers/promises';
import platform from '../../../package.json' with { type: 'json' };
import { createAuthenticate } from './authenticate.ts';
import { serveInternal } from './internal.ts';
import { buildServer } from './server.ts';
import { createGroups } from './sign-in/groups.ts';
import { groupSettings, openIssuers } from './sign-in/open-issuers.ts';

const settings = readSettings(apiSettings);
const log = createLog('api', settings.LOG_LEVEL);
const telemetry = await startTelemetry(settings, { program: 'api', version: platform.version, log });
const aws = { region: settings.AWS_REGION, endpoint: settings.AWS_ENDPOINT_URL };

const encryption = await openEncryption(settings.ENCRYPTION_KEYS, { aws, log });
const { CLAMAV_ADDRESS: clamav } = settings;
const scanner = clamav ? createScanner(clamav) : null;
const signIn = await openSignIn(settings, log);
const pool = { poolSize: settings.DATABASE_POOL_SIZE, applicationName: 'portfolio-api', log, signIn };
const database = openDatabase({ url: settings.DATABASE_URL, ...pool });
const { db, sql } = database;
const reader = openReader(database, { readerUrl: settings.DATABASE_READER_URL, ...pool });
const bucket = trackPuts(openBucket(aws, settings.BUCKET_NAME, log), db);
const queues = openQueues(aws, settings.QUEUE_URLS, log);
const wakeUps = createWakeUps(queues, log);
const jobBus = createJobBus(sql, log);
const jobFeed = createJobFeed(db, jobBus, log);
const rateCounter = createRateCounter(db, log);
const securityLog = createSecurityLog(db, log);
const published = createPublished(sql, log);
const sharedCache = openSharedCache(settings, log);
const { JWT_ISSUER: defaultIssuer, WEB_ROOT: webRoot } = settings;
const { issuers, close: closeIssuers } = await openIssuers(settings, { aws, log });
const trust = { issuers, groups: createGroups({ db, log }, groupSettings(settings)) };
const { SECURITY_CONTACT: contact } = settings;
const isSchemaCurrent = createSchemaCheck(db);
const stopping = new AbortController();

const server = await buildServer({
  services: {
    db,
    reader: reader.db,
    bucket,
    wakeUps,
    jobBus,
    jobFeed,
    published,
    encryption,
    scanner,
  },
  authenticate: createAuthenticate(db, trust),
  trust,
  dependencies: {
    database: database.check,
    queue: (signal) => queues.check(signal),
    bucket: (signal) => bucket.check(signal),
    schema: isSchemaCurrent,
  },
  sharedCache,
  securityLog,
  stopping: stopping.signal,
  log,
  publicOrigin: settings.PUBLIC_ORIGIN,
  security: contact === undefined ? undefined : { contact, policy: settings.SECURITY_POLICY },
  rateLimits: {
    counter: rateCounter,
    perMinute: settings.RATE_LIMIT_PER_MINUTE,
    portfolioPerMinute: settings.RATE_LIMIT_PORTFOLIO_PER_MINUTE,
    anonymousPerMinute: settings.RATE_LIMIT_ANONYMOUS_PER_MINUTE,
  },
  trustedProxyHops: settings.TRUSTED_PROXY_HOPS,
  traceReads: settings.TRACE_READS,
  webRoot,
});
if (defaultIssuer !== undefined) await adoptIssuer(db, defaultIssuer);
await jobBus.listen();
await published.listen();
const { HOST: host, INTERNAL_PORT: internalPort } = settings;
const internal =
  internalPort === undefined
    ? undefined
    : await serveInternal({ host, port: internalPort }, { readBacklog: () => readBacklog(db), log });

ignoreUnhandledOutages(log);
const { LINGER_SECONDS: linger } = settings;
const delay = (linger + apiStop.close) * 1000;
closeWithGrace({ delay, logger: log, skip: ['unhandledRejection'] }, async ({ err }) => {
  if (err) log.fatal({ err }, 'uncaught exception; API exiting');
  stopping.abort();
  if (!err) await wait(linger * 1000);
  await server.close();
  internal?.close();
  await wakeUps.idle();
  jobBus.close();
  await securityLog.close();
  await rateCounter.close();
  await reader.close();
  await database.close();
  signIn.close();
  closeIssuers();
  encryption.close();
  sharedCache?.close();
  bucket.close();
  queues.close();
  await telemetry.close();
});
await server.listen({ host, port: settings.PORT });
// Without its keys, it must not be rolled out.
await startWithRetries(log, isSchemaCurrent);
await startWithRetries(log, () => checkWebhookSecrets(db, encryption));
