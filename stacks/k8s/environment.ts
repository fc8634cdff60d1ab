import type { z } from 'zod';
import {
  apiSettings,
  apiStop,
  type migrationSettings,
  type workerSettings,
} from '../../packages/core/src/runtime/settings.ts';

/** The settings of a program as environment variables. */
type Environment<Schema extends z.ZodObject> = { [Name in keyof z.input<Schema>]?: string };

/** The database's region, and its URL for one user. */
export type DatabaseFacts = { region: string; databaseUrl: string };

/** The values of a stage that both API and worker need. */
export type Facts = DatabaseFacts & { readerUrl: string; queueUrls: string; bucketName: string };

export const apiPort = apiSettings.shape.PORT.parse(undefined);
export const workerHealthPort = 8080;
/** The port of the API's `/backlog`, which only the autoscaler reaches. */
export const backlogPort = 3001;

/** NGINX sets X-Forwarded-For to one address, that of the client. */
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
  QUEUE_URLS: facts.queueUrls,
  BUCKET_NAME: facts.bucketName,
});

/** The URL of the shared cache, and the replication group for which IAM tokens are generated. */
export type CacheFacts = { url: string; group: string };

type Own = { publicOrigin: string; tokenIssuer: string; securityContact: string; cache: CacheFacts | null };

export const apiEnvironment = (facts: Facts, { publicOrigin, tokenIssuer, securityContact, cache }: Own) =>
  ({
    ...shared(facts),
    PORT: String(apiPort),
    INTERNAL_PORT: String(backlogPort),
    PUBLIC_ORIGIN: publicOrigin,
    SECURITY_CONTACT: securityContact,
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
    HEALTH_PORT: String(workerHealthPort),
  }) satisfies Environment<typeof workerSettings>;

/** `masterSecret` is the ARN of the secret with the password of the user in `masterUrl`, as JSON. */
export const migrationEnvironment = (
  facts: DatabaseFacts,
  { masterUrl, masterSecret }: { masterUrl: string; masterSecret: string },
) =>
  ({
    ...signIn(facts),
    DATABASE_ADMIN_URL: masterUrl,
    DATABASE_ADMIN_PASSWORD: `secretsmanager:${masterSecret}#password`,
  }) satisfies Environment<typeof migrationSettings>;
