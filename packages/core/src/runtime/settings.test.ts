import { describe, expect, test } from 'vitest';
import { apiSettings, readSettings, workerSettings } from './settings.ts';

const needed = {
  DATABASE_URL: 'postgres://localhost/portfolio',
  AWS_REGION: 'eu-central-1',
  QUEUE_URL: 'https://sqs.example/jobs.fifo',
  BUCKET_NAME: 'portfolio',
};
const neededByWorker = { ...needed, DEAD_LETTER_QUEUE_URL: 'https://sqs.example/jobs-dead.fifo' };

const problemsOf = (environment: NodeJS.ProcessEnv, schema = apiSettings): string => {
  try {
    readSettings(schema, { ...needed, ...environment });
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

test('what is needed is enough, and the rest has defaults', () => {
  expect(readSettings(apiSettings, needed)).toMatchObject({
    PORT: 3000,
    LOG_LEVEL: 'info',
    DATABASE_POOL_SIZE: 4,
    TRUSTED_PROXY_HOPS: 0,
  });
  expect(readSettings(workerSettings, neededByWorker)).toMatchObject({
    LEASE_SECONDS: 30,
    WORKER_CONCURRENCY: 8,
  });
});

test('numbers are read from text, an empty variable counts as none, others are passed over', () => {
  const settings = readSettings(apiSettings, { ...needed, PORT: '8080', JWT_ISSUER: '', HOME: 'somewhere' });
  expect(settings).toMatchObject({ PORT: 8080 });
  expect(settings).not.toHaveProperty('JWT_ISSUER');
  expect(settings).not.toHaveProperty('HOME');
});

describe('settings that are not valid', () => {
  test('are listed all at once, by name', () => {
    const problems = problemsOf({
      PORT: 'http',
      LOG_LEVEL: 'loud',
      QUEUE_URL: undefined,
      JWT_ISSUER: 'https://issuer.example',
    });
    for (const name of ['PORT', 'LOG_LEVEL', 'QUEUE_URL', 'JWT_JWKS_URL']) {
      expect(problems).toMatch(new RegExp(`^  ${name}: \\S`, 'm'));
    }
    expect(problems.split('\n')).toHaveLength(5);
  });

  test('are not repeated, since some are secret', () => {
    const problems = problemsOf({ DATABASE_URL: 'mysql://ada:hunter2@db', BUCKET_NAME: 'x', PORT: 's3cret' });
    expect(problems).toContain('DATABASE_URL');
    expect(problems).not.toMatch(/hunter2|s3cret/);
  });

  test.each([
    ['PUBLIC_ORIGIN', 'localhost:3000'],
    ['PUBLIC_ORIGIN', 'portfolio.example'],
    ['JWT_JWKS_URL', 'file:///etc/passwd'],
    ['PORT', '65536'],
    ['PORT', '1.5'],
    ['TRUSTED_PROXY_HOPS', 'true'],
    ['TRUSTED_PROXY_HOPS', '-1'],
    ['RATE_LIMIT_PER_MINUTE', '0'],
    ['RATE_LIMIT_ANONYMOUS_PER_MINUTE', 'none'],
    ['DATABASE_POOL_SIZE', '0'],
    ['DATABASE_URL', 'https://db.example'],
  ])('include %s=%s', (name, value) => {
    expect(
      problemsOf({
        JWT_ISSUER: 'https://issuer.example',
        JWT_JWKS_URL: 'https://issuer.example/keys',
        [name]: value,
      }),
    ).toMatch(new RegExp(`^  ${name}: `, 'm'));
  });
});
