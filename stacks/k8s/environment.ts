import type { z } from 'zod';
import {
  apiSettings,
  apiStop,
  type migrationSettings,
  workerSettings,
} from '../../packages/core/src/runtime/settings.ts';

/** Settings of a program, as its environment holds them. */
type Environment<Schema extends z.ZodObject> = { [Name in keyof z.input<Schema>]?: string };

/** Where the database is, for one of its users. */
export type DatabaseFacts = { region: string; databaseUrl: string };

/** What API and worker are told of a stage. */
export type Facts = DatabaseFacts & { readerUrl: string; queueUrl: string; bucketName: string };

export const apiPort = apiSettings.shape.PORT.parse(undefined);
export const workerHealthPort = 8080;
/** Jobs that a worker has at a time. */
export const workerConcurrency = workerSettings.shape.WORKER_CONCURRENCY.parse(undefined);

/** NGINX tells one address in X-Forwarded-For: the client's, whichever way it came. */
const trustedProxyHops = 1;

const signIn = ({ region, databaseUrl }: DatabaseFacts) => ({
  AWS_REGION: region,
  DATABASE_URL: databaseUrl,
  DATABASE_AUTH: 'iam',
  DATABASE_TLS: 'verify',
});

const shared = (facts: Facts) => ({
  ...signIn(facts),
  DATABASE_READER_URL: facts.readerUrl,
  QUEUE_URL: facts.queueUrl,
  BUCKET_NAME: facts.bucketName,
});

/** Where the cache is that processes of the API share, and the replication group whose tokens they sign in with. */
export type CacheFacts = { url: string; group: string };

type Own = { publicOrigin: string; tokenIssuer: string; cache: CacheFacts | null };

export const apiEnvironment = (facts: Facts, { publicOrigin, tokenIssuer, cache }: Own) =>
  ({
    ...shared(facts),
    PORT: String(apiPort),
    PUBLIC_ORIGIN: publicOrigin,
    TRUSTED_PROXY_HOPS: String(trustedProxyHops),
    JWT_ISSUER: tokenIssuer,
    JWT_JWKS_URL: new URL('.well-known/jwks.json', tokenIssuer).href,
    LINGER_SECONDS: String(apiStop.linger),
    ...(cache && { CACHE_URL: cache.url, CACHE_REPLICATION_GROUP: cache.group }),
  }) satisfies Environment<typeof apiSettings>;

export const workerEnvironment = (facts: Facts, deadLetterQueueUrl: string) =>
  ({
    ...shared(facts),
    DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
    WORKER_CONCURRENCY: String(workerConcurrency),
    HEALTH_PORT: String(workerHealthPort),
  }) satisfies Environment<typeof workerSettings>;

/** `masterSecret`: where in Secrets Manager the password of the user at `masterUrl` is, as JSON. */
export const migrationEnvironment = (
  facts: DatabaseFacts,
  { masterUrl, masterSecret }: { masterUrl: string; masterSecret: string },
) =>
  ({
    ...signIn(facts),
    DATABASE_ADMIN_URL: masterUrl,
    DATABASE_ADMIN_PASSWORD: `secretsmanager:${masterSecret}#password`,
  }) satisfies Environment<typeof migrationSettings>;
