import { expect, test } from 'vitest';
import { endOfKey, grantable, hasEnded, workingFirst } from './key-state.ts';

const now = Date.parse('2026-01-02T03:04:05.000Z');
const working = { revokedAt: null, expiresAt: '2026-01-02T03:04:06.000Z' };
const forever = { revokedAt: null, expiresAt: null };
const revoked = { revokedAt: '2026-01-01T00:00:00.000Z', expiresAt: null };
const expired = { revokedAt: null, expiresAt: '2026-01-02T03:04:05.000Z' };

test('a key has ended when it is revoked, or from its expiry on', () => {
  expect([working, forever, revoked, expired].map((key) => hasEnded(key, now))).toEqual([
    false,
    false,
    true,
    true,
  ]);
});

test('keys that work are listed before those that have ended, in the same order otherwise', () => {
  expect(workingFirst([revoked, forever, expired, working], now)).toEqual([
    forever,
    working,
    revoked,
    expired,
  ]);
});

test('a new key is not offered what only operators may do', () => {
  expect(grantable(['job:read', 'operator:read', 'operator:write'])).toEqual(['job:read']);
});

test('a key ends the chosen number of days from now, or never', () => {
  expect(endOfKey(30, now)).toBe('2026-02-01T03:04:05.000Z');
  expect(endOfKey(null, now)).toBeNull();
});
