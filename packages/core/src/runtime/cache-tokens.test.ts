import { expect, test } from 'vitest';
import { isSignedToken } from '../../../../tests/support/aws-token.ts';
import { withTokens } from './cache-tokens.ts';

const region = 'eu-central-1';
const url = 'rediss://portfolio-api@cache.internal:6379';

test('each connection to the cache signs in with an IAM token for its group and its user', async () => {
  const { credentialsProvider } = withTokens({ url, group: 'portfolio-cache', region });
  if (credentialsProvider?.type !== 'async-credentials-provider')
    throw new Error('There are no credentials.');
  const { username, password = '' } = await credentialsProvider.credentials();
  expect(username).toBe('portfolio-api');
  const wanted = {
    host: 'portfolio-cache',
    query: { Action: 'connect', User: 'portfolio-api' },
    service: 'elasticache',
    region,
    secretKey: 'test',
    now: Date.now(),
  };
  expect(isSignedToken(password, wanted)).toBe(true);
  expect(isSignedToken(password, { ...wanted, now: Date.now() + 901_000 })).toBe(false);
  expect(isSignedToken(password, { ...wanted, host: 'another' })).toBe(false);
});

test('no user of the URL signs in without a token', () => {
  expect(withTokens({ url, group: 'portfolio-cache', region }).url).toBe('rediss://cache.internal:6379');
});
