import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServices, testServices } from '../../../../tests/support/services.ts';
import { authenticateApiKey } from './authenticate.ts';
import { hashOfKey, isWellFormedKey } from './issue.ts';

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());

const withoutChecksum = () => `pk_${randomBytes(32).toString('base64url')}`;

test('a new key has a prefix, 43 characters and a checksum, which secret scanners can verify', async () => {
  const secret = await platform.issueKey('ada');
  expect(secret).toMatch(/^pk_[A-Za-z0-9_-]{43}[0-9A-Za-z]{6}$/);
  expect(isWellFormedKey(secret)).toBe(true);
  // An example with its checksum, for whoever implements it.
  expect(isWellFormedKey('pk_01234567890123456789012345678901234567890121XMafL')).toBe(true);
});

test('every change of one character of a key is noticed by its checksum', async () => {
  const secret = await platform.issueKey('ada');
  for (let at = 3; at < secret.length; at += 1) {
    const other = secret[at] === 'a' ? 'b' : 'a';
    expect(isWellFormedKey(secret.slice(0, at) + other + secret.slice(at + 1))).toBe(false);
  }
});

test.each(['', 'pk_', 'pk_unknown', `pk_${'a'.repeat(42)}`, `pk_${'a'.repeat(44)}`, `pk_${'a'.repeat(50)}`])(
  '%j is no key',
  (credential) => {
    expect(isWellFormedKey(credential)).toBe(false);
  },
);

test('a key of an older release, without a checksum, still works', async () => {
  const [secret, id] = [withoutChecksum(), `key_${'0'.repeat(26)}`];
  await platform.sql`
    insert into api_keys (id, name, secret_hash, subject, scopes)
    values (${id}, 'old', ${hashOfKey(secret)}, 'ada', array['job:read'])`;
  expect(await authenticateApiKey(platform.db, secret)).toMatchObject({ kind: 'user', id: 'ada' });
});

test('what cannot be a key is refused without a query', async () => {
  const secret = await platform.issueKey('ada');
  const db = new Proxy(platform.db, {
    get() {
      throw new Error('It was looked up.');
    },
  });
  for (const made of ['pk_made-up', `${withoutChecksum()}000000`, `${secret}x`, secret.slice(0, -1)]) {
    await expect(authenticateApiKey(db, made)).rejects.toMatchObject({ code: 'unauthenticated' });
  }
});
