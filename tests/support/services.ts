import { type Actor, type AnyScope, type Role, type Scope, scopeSchema } from '@portfolio/core/actor';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import type { Ctx, Services } from '@portfolio/core/context';
import { members } from '@portfolio/core/portfolio/portfolio.sql';
import { trackPuts } from '@portfolio/core/removable-object/track-puts';
import { openBucket } from '@portfolio/core/runtime/bucket';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createJobFeed } from '@portfolio/core/job/feed';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { createPublished } from '@portfolio/core/runtime/published-changes';
import { openEncryption } from '@portfolio/core/runtime/encryption';
import { openQueues } from '@portfolio/core/runtime/queue';
import { readSettings, workerSettings } from '@portfolio/core/runtime/settings';
import { createWakeUps } from '@portfolio/core/runtime/wake-ups';
import postgres from 'postgres';
import { urlOf } from '../../dev/database-users.ts';
import { createCloudResources } from '../../dev/cloud.ts';
import { testAws } from './aws.ts';
import { testDatabase } from './database.ts';
import { testEncryption } from './encryption.ts';

export const silentLog = createLog('test', 'silent');
const allScopes = scopeSchema.options;

/** A user with every scope, or with the given ones. The ids of people in tests are their subjects (see cluster.ts). */
export function user(subject: string, scopes: readonly AnyScope[] = allScopes): Actor {
  return { kind: 'user', id: subject, scopes, expiresAt: null };
}

/**
 * The real services on a separate database and cloud for a test file, with helpers for fixtures: `as(actor)` is the context
 * of an actor's call. With `databaseUrl`, they use an existing database, as another process does. They have the privileges
 * of the API's user, or of the owner with `asOwner`.
 */
export async function testServices({
  databaseUrl,
  asOwner = false,
}: { databaseUrl?: string | undefined; asOwner?: boolean } = {}) {
  const shared = databaseUrl && { url: databaseUrl, drop: async () => {} };
  const [database, aws] = await Promise.all([shared || testDatabase(), testAws()]);
  const cloud = await createCloudResources(aws.endpoint);
  const connection = { region: cloud.AWS_REGION, endpoint: aws.endpoint };
  const open = (name: string) =>
    openDatabase({
      url: asOwner ? database.url : urlOf(name, database.url),
      poolSize: 4,
      applicationName: 'test',
      log: silentLog,
    });
  const [pool, workerPool] = [open('portfolio_api'), open('portfolio_worker')];
  const { db, sql } = pool;
  // It connects with its first query.
  const ownerSql = postgres(database.url, { max: 1, onnotice: () => {} });
  const bucket = trackPuts(openBucket(connection, cloud.BUCKET_NAME, silentLog), db);
  const environment = { DATABASE_URL: database.url, ...cloud, ...testEncryption };
  const { QUEUE_URLS, DEAD_LETTER_QUEUE_URL, ENCRYPTION_KEYS } = readSettings(workerSettings, environment);
  const queues = openQueues(connection, { ...QUEUE_URLS, dead: DEAD_LETTER_QUEUE_URL }, silentLog);
  const wakeUps = createWakeUps(queues, silentLog);
  const jobBus = createJobBus(sql, silentLog);
  await jobBus.listen();
  const jobFeed = createJobFeed(db, jobBus, silentLog);
  const published = createPublished(sql, silentLog);
  await published.listen();
  const encryption = await openEncryption(ENCRYPTION_KEYS, { aws: connection, log: silentLog });
  const services: Services = {
    db,
    reader: db,
    bucket,
    wakeUps,
    jobBus,
    jobFeed,
    published,
    encryption,
    scanner: null,
  };

  return {
    services,
    databaseUrl: database.url,
    environment,
    db,
    /** The database, as the user of the worker. */
    workerDb: workerPool.db,
    sql,
    /** The database, as the owner of its tables, who may change what was recorded. */
    ownerSql,
    bucket,
    queues,
    wakeUps,
    jobBus,
    encryption,
    as: (actor: Actor, signal = new AbortController().signal): Ctx => ({ ...services, actor, signal }),
    addMember: (portfolioId: string, subject: string, role: Role) =>
      db.insert(members).values({ portfolioId, personId: subject, role }),
    issueKey: async (subject: string, scopes: Scope[] = allScopes) =>
      (await issueApiKey(db, { name: 'test', personId: subject, scopes, expiresAt: null })).secret,
    async stop() {
      await wakeUps.idle();
      jobBus.close();
      await pool.close();
      await workerPool.close();
      await ownerSql.end();
      bucket.close();
      queues.close();
      await Promise.all([aws.stop(), database.drop()]);
    },
  };
}

export type TestServices = Awaited<ReturnType<typeof testServices>>;
