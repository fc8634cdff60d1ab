import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { describeIssue } from '../input.ts';
import { ofEachKind } from '../job/kinds.ts';

const seconds = z.coerce.number().positive();
const perMinute = z.coerce.number().int().min(1).max(1_000_000_000);
/** `z.url()` alone accepts "localhost:3000" as a URL with the scheme "localhost". */
const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'Expected a URL that begins with http:// or https://.',
});

const databaseUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'Expected a URL that begins with postgres:// or postgresql://.',
});
const cacheUrl = z.url({
  protocol: /^rediss?$/,
  error: 'Expected a URL that begins with redis:// or rediss://.',
});
const host = z.string().default('0.0.0.0');
const port = z.coerce.number().int().min(0).max(65_535);

/** A secret value, or a reference to Secrets Manager. */
export type Secret =
  | { value: string }
  /** `id`: the name or the ARN of a secret; `key`: the member of a JSON secret. */
  | { id: string; key: string | undefined };

/** The value itself, or `secretsmanager:<name or ARN>[#<key of its JSON>]`. */
const secret = z
  .string()
  .regex(/^(?!secretsmanager:)|^secretsmanager:[\w/+=.@!:-]+(#[^#]+)?$/, {
    error: 'Expected a value, or secretsmanager:<name or ARN>[#<key of its JSON>].',
  })
  .transform((given): Secret => {
    const [, id, key] = /^secretsmanager:([^#]+)(?:#(.+))?$/.exec(given) ?? [];
    return id === undefined ? { value: given } : { id, key };
  });

/** `host:port`; an IPv6 address is in brackets. */
const hostAndPort = z.string().transform((given, { addIssue }) => {
  const [, inBrackets, name, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(given) ?? [];
  const found = { host: inBrackets ?? name ?? '', port: Number(digits) };
  if (found.port >= 1 && found.port <= 65_535) return found;
  addIssue({ code: 'custom', message: 'Expected a host and a port, such as clamav:3310.' });
  return z.NEVER;
});

/** `name=value,name=value`, as an object. */
const pairs = z.string().transform((given, { addIssue }) => {
  const entries = given.split(',').map((pair) => pair.trim().split(/=(.*)/s, 2));
  if (entries.some(([name, value]) => !name || value === undefined))
    addIssue({ code: 'custom', message: 'Expected name=value, separated by commas.' });
  return Object.fromEntries(entries) as Record<string, unknown>;
});

/** Without TLS, whoever is in between could sign in as anybody. */
const issuerUrl = z.url().regex(/^https:|^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(:|\/|$)/, {
  error: 'Expected a URL that begins with https://.',
});

/** An issuer beside JWT_ISSUER. */
const otherIssuer = z
  .strictObject({
    issuer: issuerUrl,
    /** By default, the address in its discovery document. */
    jwksUrl: httpUrl.optional(),
    /** By default, JWT_AUDIENCE. */
    audience: z.string().min(1).optional(),
    /** Lets people sign in there. */
    clientId: z.string().min(1).optional(),
    clientSecret: secret.optional(),
    /** How people call it; by default, its host. */
    name: z.string().min(1).max(100).optional(),
    /** Lets its groups give the roles of GROUP_ROLES and make operators: otherwise it says who people are, and no more. */
    groups: z.boolean().default(false),
  })
  .refine(({ clientId, clientSecret }) => clientSecret === undefined || clientId !== undefined, {
    path: ['clientId'],
    message: 'Must be set with clientSecret.',
  });

/** `group=portfolio:role,…`: who is in the group has the role in the portfolio with that slug. */
const groupRoles = z.string().transform((given, { addIssue }) => {
  const rules = given.split(',').map((rule) => /^(.+)=([a-z0-9-]+):(\w+)$/.exec(rule.trim()) ?? []);
  return rules.map(([, group = '', portfolio = '', role]) => {
    const parsed = roleSchema.safeParse(role);
    if (!parsed.success)
      addIssue({ code: 'custom', message: 'Expected group=portfolio:role, separated by commas.' });
    return { group, portfolio, role: parsed.data ?? 'viewer' };
  });
});

/** The share of the fleet's slots that one portfolio may use. */
const share = z.coerce.number<string>().gt(0).max(1);

const json = z.string().transform((text, { addIssue }): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    addIssue({ code: 'custom', message: 'Expected JSON.' });
    return z.NEVER;
  }
});

/** The settings of all programs, by the names of their environment variables. */
const common = {
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  AWS_REGION: z.string().min(1),
  /** Only for servers other than AWS itself, such as the embedded ones. */
  AWS_ENDPOINT_URL: z.url().optional(),
  /** The server, the database and the user. With DATABASE_AUTH=password, it may contain the password, too. */
  DATABASE_URL: databaseUrl,
  /** `iam`: each connection signs in with its own IAM token, which is made with the AWS credentials and valid for 15 minutes. */
  DATABASE_AUTH: z.enum(['password', 'iam']).default('password'),
  /** The password for DATABASE_URL and DATABASE_READER_URL, unless these contain it. */
  DATABASE_PASSWORD: secret.optional(),
  /** `verify`: TLS only, to servers with a certificate for their name from an authority in DATABASE_CA_FILE. */
  DATABASE_TLS: z.enum(['off', 'verify']).default('off'),
  /** Trusted certificate authorities (PEM); by default, those of Amazon RDS. */
  DATABASE_CA_FILE: z.string().min(1).optional(),
};

/** The settings of both API and worker. */
const shared = {
  ...common,
  /** A read replica for analytical reads, which may lag behind; by default, DATABASE_URL. */
  DATABASE_READER_URL: databaseUrl.optional(),
  /** Connections per process: 2 to 4 are fastest if the database is near. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(4),
  /** The queue of each kind of job: `export.pdf=https://…,evidence.sync=https://…` and so on. */
  QUEUE_URLS: pairs.pipe(z.strictObject(ofEachKind(() => z.url()))),
  BUCKET_NAME: z.string().min(3).max(63),
  /**
   * The keys by which secrets are encrypted that the database has to hold: `{"current":"k1","keys":{"k1":"…"}}`, each 32
   * random bytes in base64. `current` encrypts, all decrypt.
   */
  ENCRYPTION_KEYS: secret,
  /** An OpenTelemetry collector (OTLP over HTTP, without a path): metrics and traces are sent to it. */
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  /** Serves metrics at `/metrics` of this port of the loopback address, instead of sending them. */
  METRICS_PORT: port.optional(),
  /** Turns metrics and traces off, although one of the two above is set. */
  OTEL_SDK_DISABLED: z.stringbool().default(false),
  /** The scanner (clamd, host:port) that looks for malware in uploads and fetched files; without it, nothing does. */
  CLAMAV_ADDRESS: hostAndPort.optional(),
};

/** Reports contradictory settings of the sign-in to the database. */
function checkSignIn(given: Readonly<Record<string, unknown>>, { addIssue }: z.core.$RefinementCtx) {
  const report = (name: string, message: string) => addIssue({ code: 'custom', path: [name], message });
  const isIam = given.DATABASE_AUTH === 'iam';
  if (isIam && given.DATABASE_TLS === 'off')
    report(
      'DATABASE_TLS',
      'DATABASE_AUTH=iam requires DATABASE_TLS=verify, so that tokens are not sent unencrypted.',
    );
  if (isIam && given.DATABASE_PASSWORD !== undefined)
    report('DATABASE_PASSWORD', 'Must not be set with DATABASE_AUTH=iam.');
  for (const [url, password] of signIns) {
    if (!hasPassword(given[url])) continue;
    if (given[password] !== undefined) report(url, `Must not contain a password, since ${password} is set.`);
    else if (isIam && password === 'DATABASE_PASSWORD')
      report(url, 'Must not contain a password with DATABASE_AUTH=iam.');
  }
}

/** Reports issuers that are named twice, and a client without an issuer. */
function checkIssuers(given: Readonly<Record<string, unknown>>, { addIssue }: z.core.$RefinementCtx) {
  const report = (name: string, message: string) => addIssue({ code: 'custom', path: [name], message });
  const others = Array.isArray(given.JWT_ISSUERS) ? (given.JWT_ISSUERS as { issuer?: unknown }[]) : [];
  const names = [given.JWT_ISSUER, ...others.map(({ issuer }) => issuer)];
  if (new Set(names).size < names.length)
    report('JWT_ISSUERS', 'Must name each issuer once, and not JWT_ISSUER.');
  if (given.OIDC_CLIENT_ID !== undefined && given.JWT_ISSUER === undefined)
    report('JWT_ISSUER', 'Must be set with OIDC_CLIENT_ID.');
  if (given.OIDC_CLIENT_SECRET !== undefined && given.OIDC_CLIENT_ID === undefined)
    report('OIDC_CLIENT_ID', 'Must be set with OIDC_CLIENT_SECRET.');
}

/** The URLs, and the settings with their passwords. */
const signIns = [
  ['DATABASE_URL', 'DATABASE_PASSWORD'],
  ['DATABASE_READER_URL', 'DATABASE_PASSWORD'],
  ['DATABASE_ADMIN_URL', 'DATABASE_ADMIN_PASSWORD'],
] as const;

function hasPassword(url: unknown): boolean {
  return typeof url === 'string' && (URL.parse(url)?.password ?? '') !== '';
}

/** True for a URL with TLS, with a user and without a password: tokens must not be sent unencrypted. */
function isTokenUrl(url: unknown): boolean {
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  return parsed?.protocol === 'rediss:' && parsed.username !== '' && parsed.password === '';
}

/** For checks that compare settings: they run even if other settings are invalid, so that all problems are listed. */
const always = { when: () => true };

/** Settings of programs that need the database only: `operator-key.ts` and `verify-audit.ts` of the API's image. */
export const databaseSettings = z.object(common).superRefine(checkSignIn, always);

/** Settings of the program that migrates the database: `packages/api/src/migrate.ts`. */
export const migrationSettings = z
  .object({
    ...common,
    /** A user who may create the users of API, worker and migrations; without it, they must exist already. */
    DATABASE_ADMIN_URL: databaseUrl.optional(),
    /** The password for DATABASE_ADMIN_URL, unless that contains it. DATABASE_AUTH does not apply to this user. */
    DATABASE_ADMIN_PASSWORD: secret.optional(),
    /** As for API and worker. If it refers to a secret without a value, the first key is made in it. */
    ENCRYPTION_KEYS: secret.optional(),
  })
  .superRefine(checkSignIn, always);

export const apiSettings = z
  .object({
    ...shared,
    HOST: host,
    PORT: port.default(3000),
    /** The origin at which browsers reach the API: pages of other origins may not open a WebSocket. */
    PUBLIC_ORIGIN: httpUrl.optional(),
    /** Where flaws are reported, an https: or a mailto: address: `security.txt` names it. Without it, that is not served. */
    SECURITY_CONTACT: z
      .url({ protocol: /^(https|mailto)$/, error: 'Expected a URL that begins with https:// or mailto:.' })
      .optional(),
    /** The page that says how reports of flaws are dealt with. */
    SECURITY_POLICY: z
      .url({ protocol: /^https$/, error: 'Expected a URL that begins with https://.' })
      .optional(),
    /** The number of the platform's proxies in front of the API: as many entries at the end of X-Forwarded-For are trusted. */
    TRUSTED_PROXY_HOPS: z.coerce.number().int().min(0).max(10).default(0),
    /** Operations per minute, of a user or a portfolio's key, and of an address (IPv6: its /64) without a credential. */
    RATE_LIMIT_PER_MINUTE: perMinute.default(6000),
    /** Operations per minute of all keys of a portfolio together. */
    RATE_LIMIT_PORTFOLIO_PER_MINUTE: perMinute.default(18_000),
    RATE_LIMIT_ANONYMOUS_PER_MINUTE: perMinute.default(1200),
    /** A Valkey or Redis in which API processes share the answers to anonymous readers; without it, each has only its own memory. */
    CACHE_URL: cacheUrl.optional(),
    /** Signs in to this ElastiCache replication group with IAM tokens, as the user of CACHE_URL. */
    CACHE_REPLICATION_GROUP: z.string().min(1).optional(),
    /** The folder of the built web-status, if the API serves it. */
    WEB_ROOT: z.string().optional(),
    /** Tokens (JWT) are accepted only if issuer and key set are given. */
    JWT_ISSUER: z.url().optional(),
    JWT_JWKS_URL: httpUrl.optional(),
    JWT_AUDIENCE: z.string().default('portfolio-api'),
    /** Further issuers, as JSON: `[{"issuer":"https://…","clientId":"…","clientSecret":"…"}]`. People of each are others. */
    JWT_ISSUERS: json.pipe(z.array(otherIssuer).max(20)).default([]),
    /** Lets people sign in with a browser at JWT_ISSUER, by OpenID Connect. It sends them back to PUBLIC_ORIGIN/auth/callback. */
    OIDC_CLIENT_ID: z.string().min(1).optional(),
    /** Without it, the client is a public one. */
    OIDC_CLIENT_SECRET: secret.optional(),
    /** What issuers are asked for, which may have to be more for the claim of groups. */
    OIDC_SCOPES: z
      .string()
      .regex(/(^| )openid( |$)/, 'Expected "openid" among the scopes.')
      .default('openid profile'),
    /** The claim with the groups of a person, in tokens and at the sign-in: a list of names. */
    GROUP_CLAIM: z.string().min(1).default('groups'),
    /** The roles that groups give, `group=portfolio:role,…`. Members by a group are no longer members without it. */
    GROUP_ROLES: groupRoles.default([]),
    /** Who is in this group is an operator of the deployment. */
    OPERATOR_GROUP: z.string().min(1).optional(),
    /** The port of `/backlog`, which only the cluster may reach; without it, it is not served. */
    INTERNAL_PORT: port.optional(),
    /** The share of anonymous reads that is traced. Other requests all are; those that fail or are slow, too. */
    TRACE_READS: z.coerce.number().min(0).max(1).default(0.001),
    /** How long the API continues to serve after SIGTERM, so that proxies notice that it stops (see `apiStop`). */
    LINGER_SECONDS: z.coerce.number().min(0).max(120).default(0),
  })
  .refine((given) => (given.JWT_ISSUER === undefined) === (given.JWT_JWKS_URL === undefined), {
    ...always,
    path: ['JWT_JWKS_URL'],
    message: 'JWT_ISSUER and JWT_JWKS_URL must be set together.',
  })
  .superRefine(checkIssuers, always)
  .refine((given) => given.SECURITY_POLICY === undefined || given.SECURITY_CONTACT !== undefined, {
    ...always,
    path: ['SECURITY_CONTACT'],
    message: 'Must be set with SECURITY_POLICY.',
  })
  .refine(({ CACHE_REPLICATION_GROUP: group, CACHE_URL: url }) => group === undefined || isTokenUrl(url), {
    ...always,
    path: ['CACHE_URL'],
    message:
      'With CACHE_REPLICATION_GROUP, it must begin with rediss:// and contain a user without a password.',
  })
  .superRefine(checkSignIn, always);

export const workerSettings = z
  .object({
    ...shared,
    /** Allows plain http and addresses that are not public for evidence and webhooks: for trials, and closed networks. */
    OUTBOUND_ALLOW_PRIVATE: z.stringbool().default(false),
    /** The queue to which SQS moves messages that end every worker that receives them. */
    DEAD_LETTER_QUEUE_URL: z.url(),
    /** How many jobs of a kind a process runs at a time, where not as in `core/src/job/kinds.ts`: `export.pdf=4,…`. */
    WORKER_SLOTS: pairs
      .pipe(z.strictObject(ofEachKind(() => z.coerce.number<string>().int().min(0).max(50).optional())))
      .default({}),
    /**
     * The share of the fleet's slots that the jobs of one portfolio may use at a time, by kind where not as in
     * `core/src/job/kinds.ts`, and in `all`: `export.pdf=0.5,all=0.8`. At least one slot, always.
     */
    TENANT_SHARES: pairs
      .pipe(z.strictObject({ ...ofEachKind(() => share.optional()), all: share.optional() }))
      .default({}),
    /** The lease of a job, which is renewed after every third of it. */
    LEASE_SECONDS: seconds.min(1).max(3600).default(30),
    /** How long a poll waits for a message (at most 20, the limit of SQS). A stop of the worker waits for the poll. */
    POLL_SECONDS: z.coerce.number().int().min(0).max(20).default(20),
    /** Multiplies the delays between attempts of each kind of job: for trials. */
    RETRY_FACTOR: seconds.default(1),
    /** The interval of the sweep, which reaps expired leases, and claims jobs whose wake-up was lost. */
    SWEEP_SECONDS: seconds.default(2),
    HOST: host,
    /** The port of `/healthz` and `/readyz`; without it, they are not served. */
    HEALTH_PORT: port.optional(),
  })
  .superRefine(checkSignIn, always);

/**
 * The phases of stopping an API pod, in seconds. Kubernetes waits for `preStop` (a `sleep` hook) while the pod is removed
 * from all endpoints, then sends SIGTERM. During `linger` (LINGER_SECONDS) it still serves, is not ready, and closes each
 * connection with its next response. Running requests then have `drain`, and all `close`, to finish. `grace` is the
 * `terminationGracePeriodSeconds`.
 */
export const apiStop = { preStop: 5, linger: 5, drain: 10, close: 20, grace: 35 };

/** The same for a worker pod, without `preStop`: running jobs have `drain`, and everything but a current poll `close`. */
export const workerStop = { drain: 10, close: 15, grace: 40 };

/** Lists all invalid settings of a process by name. Values are not included, since some are secret. */
class SettingsError extends Error {
  constructor(issues: readonly z.core.$ZodIssue[]) {
    const lines = issues.flatMap((issue) => {
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [[]];
      return unknown.map((key) => `  ${[...issue.path, ...key].join('.')}: ${issue.message}`);
    });
    super(`Invalid settings in the environment:\n${lines.join('\n')}`);
    this.name = 'SettingsError';
  }
}

/** Reads a process's settings from its environment, once. Throws SettingsError listing every problem. */
export function readSettings<Schema extends z.ZodObject>(
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  const given = Object.entries(environment).filter(([, value]) => value !== '');
  const parsed = schema.safeParse(Object.fromEntries(given), { error: describeIssue });
  if (!parsed.success) throw new SettingsError(parsed.error.issues);
  return parsed.data;
}
