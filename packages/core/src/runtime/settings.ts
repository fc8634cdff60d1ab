import { z } from 'zod';

const seconds = z.coerce.number().positive();
const perMinute = z.coerce.number().int().min(1).max(1_000_000_000);
/** Without the scheme, "localhost:3000" would be a URL too, of the scheme "localhost". */
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

/** A value that is secret: itself, or where in Secrets Manager it is. */
export type Secret =
  | { value: string }
  /** `id`: the name or the ARN of a secret; `key`: where it is JSON, the member that is meant. */
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

/** What every program needs. Names are those of the environment variables. */
const common = {
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  AWS_REGION: z.string().min(1),
  /** Only where AWS's services are not AWS itself, such as the embedded ones. */
  AWS_ENDPOINT_URL: z.url().optional(),
  /** Names the server, the database and the user; with DATABASE_AUTH=password, it may hold the password too. */
  DATABASE_URL: databaseUrl,
  /** `iam`: each connection signs in with a token of its own, which AWS's credentials make and which lasts 15 minutes. */
  DATABASE_AUTH: z.enum(['password', 'iam']).default('password'),
  /** For DATABASE_URL and DATABASE_READER_URL, where these hold no password. */
  DATABASE_PASSWORD: secret.optional(),
  /** `verify`: only to servers whose certificate is for their name and from an authority in DATABASE_CA_FILE. */
  DATABASE_TLS: z.enum(['off', 'verify']).default('off'),
  /** Authorities to believe, as PEM; left out, those of Amazon RDS. */
  DATABASE_CA_FILE: z.string().min(1).optional(),
};

/** What api and worker both need. */
const shared = {
  ...common,
  /** A read replica for analytical reads, which may lag behind; without it, they go to DATABASE_URL. */
  DATABASE_READER_URL: databaseUrl.optional(),
  /** Connections per process: 2 to 4 are fastest where the database is near. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(4),
  QUEUE_URL: z.url(),
  BUCKET_NAME: z.string().min(3).max(63),
};

/** Tells of contradictions in how a program signs in to its database. */
function checkSignIn(given: Readonly<Record<string, unknown>>, { addIssue }: z.core.$RefinementCtx) {
  const complain = (name: string, message: string) => addIssue({ code: 'custom', path: [name], message });
  const isIam = given.DATABASE_AUTH === 'iam';
  if (isIam && given.DATABASE_TLS === 'off')
    complain('DATABASE_TLS', 'DATABASE_AUTH=iam sends tokens: it needs DATABASE_TLS=verify.');
  if (isIam && given.DATABASE_PASSWORD !== undefined)
    complain('DATABASE_PASSWORD', 'With DATABASE_AUTH=iam there is no password.');
  for (const [url, password] of signIns) {
    if (!hasPassword(given[url])) continue;
    if (given[password] !== undefined) complain(url, `${password} is given: this may hold no password.`);
    else if (isIam && password === 'DATABASE_PASSWORD')
      complain(url, 'With DATABASE_AUTH=iam there is no password.');
  }
}

/** The URLs, and what is their password where they hold none. */
const signIns = [
  ['DATABASE_URL', 'DATABASE_PASSWORD'],
  ['DATABASE_READER_URL', 'DATABASE_PASSWORD'],
  ['DATABASE_ADMIN_URL', 'DATABASE_ADMIN_PASSWORD'],
] as const;

function hasPassword(url: unknown): boolean {
  return typeof url === 'string' && (URL.parse(url)?.password ?? '') !== '';
}

/** Tokens are sent to nobody in the clear. */
function isTokenUrl(url: unknown): boolean {
  const parsed = typeof url === 'string' ? URL.parse(url) : null;
  return parsed?.protocol === 'rediss:' && parsed.username !== '' && parsed.password === '';
}

/** For what compares settings: it runs where others are not valid too, so that all is listed at once. */
const alongside = { when: () => true };

/** Settings of the program that brings the database up to date: `packages/api/src/migrate.ts`. */
export const migrationSettings = z
  .object({
    ...common,
    /** Who may create the users of API, worker and migrations; left out, they must be there already. */
    DATABASE_ADMIN_URL: databaseUrl.optional(),
    /** For DATABASE_ADMIN_URL, where that holds none: of this user always a password, whatever DATABASE_AUTH says. */
    DATABASE_ADMIN_PASSWORD: secret.optional(),
  })
  .superRefine(checkSignIn, alongside);

export const apiSettings = z
  .object({
    ...shared,
    HOST: host,
    PORT: port.default(3000),
    /** The origin under which browsers reach the API: pages of other origins may not open a WebSocket. */
    PUBLIC_ORIGIN: httpUrl.optional(),
    /** How many proxies of ours stand before the API: as many entries of X-Forwarded-For are believed, from its end. */
    TRUSTED_PROXY_HOPS: z.coerce.number().int().min(0).max(10).default(0),
    /** Operations a minute, of a user or a portfolio's key, and of an address (IPv6: its /64) without a credential. */
    RATE_LIMIT_PER_MINUTE: perMinute.default(6000),
    RATE_LIMIT_ANONYMOUS_PER_MINUTE: perMinute.default(1200),
    /** A Valkey or Redis that processes of the API share for what strangers read; without it, each has its own memory. */
    CACHE_URL: cacheUrl.optional(),
    /** Signs in to this replication group of ElastiCache with tokens of AWS, as the user of CACHE_URL. */
    CACHE_REPLICATION_GROUP: z.string().min(1).optional(),
    /** Folder of the built web-status, where the API serves it. */
    WEB_ROOT: z.string().optional(),
    /** Tokens are accepted only where issuer and key set are given. */
    JWT_ISSUER: z.url().optional(),
    JWT_JWKS_URL: httpUrl.optional(),
    JWT_AUDIENCE: z.string().default('portfolio-api'),
    /** How long it goes on serving after SIGTERM, so that proxies learn that it leaves: `apiStop` has what pods need. */
    LINGER_SECONDS: z.coerce.number().min(0).max(120).default(0),
  })
  .refine((given) => (given.JWT_ISSUER === undefined) === (given.JWT_JWKS_URL === undefined), {
    ...alongside,
    path: ['JWT_JWKS_URL'],
    message: 'JWT_ISSUER and JWT_JWKS_URL go together.',
  })
  .refine(({ CACHE_REPLICATION_GROUP: group, CACHE_URL: url }) => group === undefined || isTokenUrl(url), {
    ...alongside,
    path: ['CACHE_URL'],
    message:
      'With CACHE_REPLICATION_GROUP it has to begin with rediss:// and name a user, without a password.',
  })
  .superRefine(checkSignIn, alongside);

export const workerSettings = z
  .object({
    ...shared,
    /** Lets evidence and webhooks use plain http and addresses that are not public: for trials, and closed networks. */
    OUTBOUND_ALLOW_PRIVATE: z.stringbool().default(false),
    /** Where SQS puts messages that no worker could deal with: their jobs are declared dead. */
    DEAD_LETTER_QUEUE_URL: z.url(),
    /** Jobs at a time, of all kinds; each kind has a bound of its own besides (`core/src/job/kinds.ts`). */
    WORKER_CONCURRENCY: z.coerce.number().int().min(1).max(50).default(8),
    /** How long a silent worker keeps its job, and its message stays invisible. Renewed every third of it. */
    LEASE_SECONDS: seconds.min(1).max(3600).default(30),
    /** How long a poll waits for a message (SQS allows 20 at most); a stop waits as long for it. */
    POLL_SECONDS: z.coerce.number().int().min(0).max(20).default(20),
    /** Makes the waits between attempts longer or shorter than each kind of job has them: for trials. */
    RETRY_FACTOR: seconds.default(1),
    /** How often the relay and the reaper look for what was left behind. */
    SWEEP_SECONDS: seconds.default(2),
    HOST: host,
    /** Where `/healthz` and `/readyz` are answered; left out, nowhere. */
    HEALTH_PORT: port.optional(),
  })
  .superRefine(checkSignIn, alongside);

/**
 * How an API pod ends, in seconds. Kubernetes waits `preStop` (a `sleep` hook) while the pod is taken out of all
 * endpoints. Then comes SIGTERM: for `linger` (LINGER_SECONDS) it serves, is not ready, and has each kept connection end
 * with its next answer. Then running requests have `drain`, and all `close`. `grace` is its `terminationGracePeriodSeconds`.
 */
export const apiStop = { preStop: 5, linger: 5, drain: 10, close: 20, grace: 35 };

/** The same of a worker pod, which needs no `preStop`: running jobs have `drain`, all but a poll under way `close`. */
export const workerStop = { drain: 10, close: 15, grace: 40 };

/** The invalid settings of a process, all of them, by name. Values are not repeated: some are secret. */
class SettingsError extends Error {
  constructor(issues: readonly z.core.$ZodIssue[]) {
    const lines = issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
    super(`The environment does not hold valid settings:\n${lines.join('\n')}`);
    this.name = 'SettingsError';
  }
}

/** Reads a process's settings from its environment, once. Throws SettingsError listing every problem. */
export function readSettings<Schema extends z.ZodObject>(
  schema: Schema,
  environment: NodeJS.ProcessEnv = process.env,
): z.output<Schema> {
  const given = Object.entries(environment).filter(([, value]) => value !== '');
  const parsed = schema.safeParse(Object.fromEntries(given));
  if (!parsed.success) throw new SettingsError(parsed.error.issues);
  return parsed.data;
}
