import type { z } from 'zod';
import {
  apiSettings,
  apiStop,
  type migrationSettings,
  type workerSettings,
} from '../../packages/core/src/runtime/settings.ts';
import type { Stage } from '../stage.ts';
import { collectorEndpoint } from './collector.ts';

/** The settings of a program as environment variables. */
type Environment<Schema extends z.ZodObject> = { [Name in keyof z.input<Schema>]?: string };

/** The database's region, and its URL for one user. */
export type DatabaseFacts = { region: string; databaseUrl: string };

/** The values of a stage that both API and worker need. */
export type Facts = DatabaseFacts & {
  readerUrl: string;
  queueUrls: string;
  bucketName: string;
  /** The ARN of the secret with the keys that encrypt secrets in the database. */
  encryptionKeys: string;
};

export const apiPort = apiSettings.shape.PORT.parse(undefined);
export const workerHealthPort = 8080;
/** The port of the API's `/backlog`, which only the autoscaler reaches. */
export const backlogPort = 3001;

/** NGINX sets X-Forwarded-For to one address, that of the client. */
const trustedProxyHops = 1;

const databaseSignIn = ({ region, databaseUrl }: DatabaseFacts) => ({
  AWS_REGION: region,
  DATABASE_URL: databaseUrl,
  DATABASE_AUTH: 'iam',
  DATABASE_TLS: 'verify',
});

const shared = (facts: Facts, { scanner }: Stage) => ({
  ...databaseSignIn(facts),
  DATABASE_READER_URL: facts.readerUrl,
  QUEUE_URLS: facts.queueUrls,
  BUCKET_NAME: facts.bucketName,
  ENCRYPTION_KEYS: `secretsmanager:${facts.encryptionKeys}`,
  OTEL_EXPORTER_OTLP_ENDPOINT: collectorEndpoint,
  ...(scanner && { CLAMAV_ADDRESS: `${scanner.host}:${scanner.port}` }),
});

/** The URL of the shared cache, and the replication group for which IAM tokens are generated. */
type CacheFacts = { url: string; group: string };

/** What only the API needs: `signInSecret` is the ARN of the secret with the secrets of its client at each issuer. */
export type ApiFacts = Facts & { cache: CacheFacts | null; signInSecret: string | null };

export const apiEnvironment = (stage: Stage, { cache, signInSecret, ...facts }: ApiFacts) =>
  ({
    ...shared(facts, stage),
    PORT: String(apiPort),
    INTERNAL_PORT: String(backlogPort),
    PUBLIC_ORIGIN: `https://${stage.domain}`,
    SECURITY_CONTACT: stage.securityContact,
    TRUSTED_PROXY_HOPS: String(trustedProxyHops),
    ...issuers(stage, signInSecret),
    LINGER_SECONDS: String(apiStop.linger),
    ...(cache && { CACHE_URL: cache.url, CACHE_REPLICATION_GROUP: cache.group }),
  }) satisfies Environment<typeof apiSettings>;

/** Whom the API trusts, and where people sign in. The secret has `clientSecret`, and for other issuers their address. */
function issuers({ tokenIssuer, otherIssuers, signIn }: Stage, signInSecret: string | null) {
  const secretOf = (member: string) => `secretsmanager:${signInSecret}#${member}`;
  const others = otherIssuers.map((other) =>
    signInSecret && other.clientId ? { ...other, clientSecret: secretOf(other.issuer) } : other,
  );
  return {
    JWT_ISSUER: tokenIssuer,
    JWT_JWKS_URL: new URL('.well-known/jwks.json', tokenIssuer).href,
    ...(others.length > 0 && { JWT_ISSUERS: JSON.stringify(others) }),
    ...(signIn && { OIDC_CLIENT_ID: signIn.clientId, OIDC_CLIENT_SECRET: secretOf('clientSecret') }),
    ...(signIn?.groupClaim && { GROUP_CLAIM: signIn.groupClaim }),
    ...(signIn?.groupRoles && { GROUP_ROLES: signIn.groupRoles }),
    ...(signIn?.operatorGroup && { OPERATOR_GROUP: signIn.operatorGroup }),
  };
}

export const workerEnvironment = (stage: Stage, facts: Facts, deadLetterQueueUrl: string) =>
  ({
    ...shared(facts, stage),
    DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
    HEALTH_PORT: String(workerHealthPort),
  }) satisfies Environment<typeof workerSettings>;

export type MigrationFacts = { masterUrl: string; masterSecret: string; encryptionKeys: string };

/** `masterSecret` is the ARN of the secret with the password of the user in `masterUrl`, as JSON. */
export const migrationEnvironment = ({
  masterUrl,
  masterSecret,
  encryptionKeys,
  ...facts
}: DatabaseFacts & MigrationFacts) =>
  ({
    ...databaseSignIn(facts),
    DATABASE_ADMIN_URL: masterUrl,
    DATABASE_ADMIN_PASSWORD: `secretsmanager:${masterSecret}#password`,
    ENCRYPTION_KEYS: `secretsmanager:${encryptionKeys}`,
  }) satisfies Environment<typeof migrationSettings>;
