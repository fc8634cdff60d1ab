import { z } from 'zod';

const seconds = z.coerce.number().positive();
const perMinute = z.coerce.number().int().min(1).max(1_000_000_000);
/** Without the scheme, "localhost:3000" would be a URL too, of the scheme "localhost". */
const httpUrl = z.url({
  protocol: /^https?$/,
  error: 'Expected a URL that begins with http:// or https://.',
});

/** What api and worker both need. Names are those of the environment variables. */
const shared = {
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** A read replica for analytical reads, which may lag behind; without it, they go to DATABASE_URL. */
  DATABASE_READER_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  /** Connections per process: 2 to 4 are fastest where the database is near. */
  DATABASE_POOL_SIZE: z.coerce.number().int().min(1).max(100).default(4),
  AWS_REGION: z.string().min(1),
  /** Only where SQS and S3 are not AWS itself, such as the embedded ones. */
  AWS_ENDPOINT_URL: z.url().optional(),
  QUEUE_URL: z.url(),
  BUCKET_NAME: z.string().min(3).max(63),
};

export const apiSettings = z
  .object({
    ...shared,
    HOST: z.string().default('0.0.0.0'),
    PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
    /** The origin under which browsers reach the API: pages of other origins may not open a WebSocket. */
    PUBLIC_ORIGIN: httpUrl.optional(),
    /** How many proxies of ours stand before the API: as many entries of X-Forwarded-For are believed, from its end. */
    TRUSTED_PROXY_HOPS: z.coerce.number().int().min(0).max(10).default(0),
    /** Operations a minute, of a user or a portfolio's key, and of an address (IPv6: its /64) without a credential. */
    RATE_LIMIT_PER_MINUTE: perMinute.default(6000),
    RATE_LIMIT_ANONYMOUS_PER_MINUTE: perMinute.default(1200),
    /** Folder of the built web-status, where the API serves it. */
    WEB_ROOT: z.string().optional(),
    /** Tokens are accepted only where issuer and key set are given. */
    JWT_ISSUER: z.url().optional(),
    JWT_JWKS_URL: httpUrl.optional(),
    JWT_AUDIENCE: z.string().default('portfolio-api'),
  })
  .refine((given) => (given.JWT_ISSUER === undefined) === (given.JWT_JWKS_URL === undefined), {
    path: ['JWT_JWKS_URL'],
    message: 'JWT_ISSUER and JWT_JWKS_URL go together.',
    // Also when others are not valid, so that all are listed at once.
    when: () => true,
  });

export const workerSettings = z.object({
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
});

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
