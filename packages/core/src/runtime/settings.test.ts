import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { jobKinds, ofEachKind } from '../job/kinds.ts';
import {
  apiSettings,
  apiStop,
  migrationSettings,
  readSettings,
  workerSettings,
  workerStop,
} from './settings.ts';

const queueUrls = ofEachKind((kind) => `https://sqs.example/${kind}.fifo?a=b`);
const needed = {
  DATABASE_URL: 'postgres://localhost/portfolio',
  AWS_REGION: 'eu-central-1',
  QUEUE_URLS: Object.entries(queueUrls)
    .map(([kind, url]) => `${kind}=${url}`)
    .join(', '),
  BUCKET_NAME: 'portfolio',
  ENCRYPTION_KEYS: 'secretsmanager:encryption-keys',
};
const neededByWorker = { ...needed, DEAD_LETTER_QUEUE_URL: 'https://sqs.example/jobs-dead.fifo' };

const problemsOf = (environment: NodeJS.ProcessEnv, schema: z.ZodObject = apiSettings): string => {
  try {
    readSettings(schema, { ...needed, ...environment });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

test('only the required settings are needed, and the others have defaults', () => {
  expect(readSettings(apiSettings, needed)).toMatchObject({
    PORT: 3000,
    LOG_LEVEL: 'info',
    DATABASE_POOL_SIZE: 4,
    TRUSTED_PROXY_HOPS: 0,
  });
  expect(readSettings(apiSettings, needed)).not.toHaveProperty('INTERNAL_PORT');
  expect(readSettings(workerSettings, neededByWorker)).toMatchObject({
    LEASE_SECONDS: 30,
    WORKER_SLOTS: {},
    TENANT_SHARES: {},
  });
});

test('each kind of job has the URL of its queue, which may contain an equals sign', () => {
  expect(readSettings(apiSettings, needed).QUEUE_URLS).toEqual(queueUrls);
});

test.each(Object.keys(jobKinds))('the queue of %s is required', (kind) => {
  const others = needed.QUEUE_URLS.split(', ').filter((pair) => !pair.startsWith(`${kind}=`));
  expect(problemsOf({ QUEUE_URLS: others.join() })).toContain(`  QUEUE_URLS.${kind}: `);
});

test('slots and shares are given for some kinds, and are numbers', () => {
  const given = {
    WORKER_SLOTS: 'export.pdf=4,evidence.sync=0',
    TENANT_SHARES: 'webhook.deliver=0.25, all=1',
  };
  expect(readSettings(workerSettings, { ...neededByWorker, ...given })).toMatchObject({
    WORKER_SLOTS: { 'export.pdf': 4, 'evidence.sync': 0 },
    TENANT_SHARES: { 'webhook.deliver': 0.25, all: 1 },
  });
});

test.each([
  ['WORKER_SLOTS', 'export.pdf'],
  ['WORKER_SLOTS', 'export.pdf=many'],
  ['WORKER_SLOTS', 'export.pdf=-1'],
  ['WORKER_SLOTS', 'export.doc=1'],
  ['WORKER_SLOTS', 'all=1'],
  ['TENANT_SHARES', 'export.pdf=0'],
  ['TENANT_SHARES', 'export.pdf=1.5'],
  ['TENANT_SHARES', 'export.doc=0.5'],
])('a worker does not accept %s=%s', (name, value) => {
  expect(problemsOf({ ...neededByWorker, [name]: value }, workerSettings)).toMatch(
    new RegExp(`^  ${name}[.:]`, 'm'),
  );
});

test('numbers are parsed, empty variables count as unset, and unknown variables are ignored', () => {
  const settings = readSettings(apiSettings, { ...needed, PORT: '8080', JWT_ISSUER: '', HOME: 'somewhere' });
  expect(settings).toMatchObject({ PORT: 8080 });
  expect(settings).not.toHaveProperty('JWT_ISSUER');
  expect(settings).not.toHaveProperty('HOME');
});

test.each([
  ['unencrypted', 'redis://api@cache:6379'],
  ['without a user', 'rediss://cache:6379'],
  ['together with a password', 'rediss://api:hunter2@cache:6379'],
])('tokens of the cache are not sent %s', (_, url) => {
  const given = { ...needed, CACHE_REPLICATION_GROUP: 'portfolio-production' };
  expect(problemsOf({ ...given, CACHE_URL: url })).toMatch(/^  CACHE_URL: \S/m);
  expect(readSettings(apiSettings, { ...given, CACHE_URL: 'rediss://api@cache:6379' })).toMatchObject({
    CACHE_REPLICATION_GROUP: 'portfolio-production',
  });
});

describe('settings that are not valid', () => {
  test('are all listed by name', () => {
    const problems = problemsOf({
      PORT: 'http',
      LOG_LEVEL: 'loud',
      QUEUE_URLS: undefined,
      JWT_ISSUER: 'https://issuer.example',
    });
    for (const name of ['PORT', 'LOG_LEVEL', 'QUEUE_URLS', 'JWT_JWKS_URL']) {
      expect(problems).toMatch(new RegExp(`^  ${name}: \\S`, 'm'));
    }
    expect(problems.split('\n')).toHaveLength(5);
  });

  test('are listed without their values, since some are secret', () => {
    const problems = problemsOf({ DATABASE_URL: 'mysql://ada:hunter2@db', BUCKET_NAME: 'x', PORT: 's3cret' });
    expect(problems).toContain('DATABASE_URL');
    expect(problems).not.toMatch(/hunter2|s3cret/);
  });

  test.each([
    ['PUBLIC_ORIGIN', 'localhost:3000'],
    ['PUBLIC_ORIGIN', 'portfolio.example'],
    ['SECURITY_CONTACT', 'security@example.com'],
    ['SECURITY_CONTACT', 'http://example.com/contact'],
    ['SECURITY_POLICY', 'mailto:security@example.com'],
    ['JWT_JWKS_URL', 'file:///etc/passwd'],
    ['JWT_ISSUERS', 'https://issuer.example'],
    ['JWT_ISSUERS', '{}'],
    ['JWT_ISSUERS', '[{"issuer":"http://issuer.example"}]'],
    ['JWT_ISSUERS', '[{"issuer":"http://127.0.0.1.example"}]'],
    ['JWT_ISSUERS', '[{"issuer":"https://a.example"},{"issuer":"https://a.example"}]'],
    ['JWT_ISSUERS', '[{"issuer":"https://a.example","clientSecret":"s3cret"}]'],
    ['JWT_ISSUERS', '[{"issuer":"https://a.example","secret":"s3cret"}]'],
    ['OIDC_SCOPES', 'profile'],
    ['GROUP_ROLES', 'staff'],
    ['GROUP_ROLES', 'staff=team'],
    ['GROUP_ROLES', 'staff=team:admin'],
    ['GROUP_ROLES', 'staff=team:viewer,'],
    ['PORT', '65536'],
    ['PORT', '1.5'],
    ['INTERNAL_PORT', '65536'],
    ['QUEUE_URLS', 'https://sqs.example/jobs.fifo'],
    ['TRUSTED_PROXY_HOPS', 'true'],
    ['CACHE_URL', 'https://cache.example'],
    ['TRUSTED_PROXY_HOPS', '-1'],
    ['RATE_LIMIT_PER_MINUTE', '0'],
    ['RATE_LIMIT_ANONYMOUS_PER_MINUTE', 'none'],
    ['DATABASE_POOL_SIZE', '0'],
    ['DATABASE_URL', 'https://db.example'],
    ['DATABASE_AUTH', 'IAM'],
    ['DATABASE_TLS', 'require'],
    ['DATABASE_PASSWORD', 'secretsmanager:'],
    ['DATABASE_PASSWORD', 'secretsmanager:db#'],
    ['DATABASE_PASSWORD', 'secretsmanager:db password'],
    ['LINGER_SECONDS', '-1'],
  ])('include %s=%s', (name, value) => {
    expect(
      problemsOf({
        JWT_ISSUER: 'https://issuer.example',
        JWT_JWKS_URL: 'https://issuer.example/keys',
        [name]: value,
      }),
    ).toMatch(new RegExp(`^  ${name}[.:]`, 'm'));
  });

  test('include a client without its issuer, and the secret of no client', () => {
    const given = { OIDC_CLIENT_ID: 'portfolio', OIDC_CLIENT_SECRET: 's3cret' };
    expect(problemsOf({ ...given, JWT_ISSUER: undefined })).toMatch(/^  JWT_ISSUER: /m);
    expect(problemsOf({ ...given, OIDC_CLIENT_ID: undefined })).toMatch(/^  OIDC_CLIENT_ID: /m);
  });
});

test('further issuers and the roles of groups are read', () => {
  const issuers = [
    { issuer: 'https://a.example/', clientId: 'portfolio', clientSecret: 'secretsmanager:s#a' },
  ];
  const given = { JWT_ISSUERS: JSON.stringify(issuers), GROUP_ROLES: 'CN=staff=team:editor, ops=team:owner' };
  expect(readSettings(apiSettings, { ...needed, ...given })).toMatchObject({
    JWT_ISSUERS: [{ ...issuers[0], clientSecret: { id: 's', key: 'a' }, groups: false }],
    GROUP_ROLES: [
      { group: 'CN=staff', portfolio: 'team', role: 'editor' },
      { group: 'ops', portfolio: 'team', role: 'owner' },
    ],
  });
});

describe('the way to sign in to the database', () => {
  const iam = { DATABASE_AUTH: 'iam', DATABASE_TLS: 'verify' };
  const reference = 'secretsmanager:portfolio/db#password';

  test.each<[string, string, NodeJS.ProcessEnv]>([
    ['tokens without TLS', 'DATABASE_TLS', { ...iam, DATABASE_TLS: undefined }],
    ['a password beside tokens', 'DATABASE_PASSWORD', { ...iam, DATABASE_PASSWORD: reference }],
    ['a password beside tokens, in a URL', 'DATABASE_URL', { ...iam, DATABASE_URL: 'postgres://a:b@db/p' }],
    ['two passwords', 'DATABASE_URL', { DATABASE_URL: 'postgres://a:b@db/p', DATABASE_PASSWORD: 'c' }],
    [
      'two of the reader',
      'DATABASE_READER_URL',
      { DATABASE_READER_URL: 'postgres://a:b@db/p', DATABASE_PASSWORD: 'c' },
    ],
  ])('has no contradictions, such as %s', (_, name, environment) => {
    const problems = problemsOf({ ...environment, PORT: 'http' });
    expect(problems).toMatch(new RegExp(`^  ${name}: `, 'm'));
    // Although other settings are invalid, too.
    expect(problems).toMatch(/^ {2}PORT: /m);
  });

  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!cluster-5f2a-AbCdEf';
  test.each([
    ['hunter2', { value: 'hunter2' }],
    [reference, { id: 'portfolio/db', key: 'password' }],
    [`secretsmanager:${arn}`, { id: arn, key: undefined }],
  ])('names a secret by its value, or by where it is: %s', (password, meant) => {
    const { DATABASE_PASSWORD } = readSettings(apiSettings, { ...needed, DATABASE_PASSWORD: password });
    expect(DATABASE_PASSWORD).toEqual(meant);
  });

  test('of migrations may use tokens, and a password for the user who creates the others', () => {
    const admin = { DATABASE_ADMIN_URL: 'postgres://root@db/p', DATABASE_ADMIN_PASSWORD: reference };
    expect(readSettings(migrationSettings, { ...needed, ...iam, ...admin })).toMatchObject({
      DATABASE_ADMIN_PASSWORD: { id: 'portfolio/db', key: 'password' },
    });
    const twice = { ...admin, DATABASE_ADMIN_URL: 'postgres://root:secret@db/p' };
    expect(problemsOf(twice, migrationSettings)).toMatch(/^ {2}DATABASE_ADMIN_URL: /m);
  });
});

test('the grace period of pods is longer than their programs take to stop', () => {
  expect(apiStop.grace).toBeGreaterThan(apiStop.preStop + apiStop.linger + apiStop.close);
  const { POLL_SECONDS: poll } = readSettings(workerSettings, neededByWorker);
  expect(workerStop.grace).toBeGreaterThan(poll + workerStop.close);
  expect(workerStop.close).toBeGreaterThan(workerStop.drain);
});
