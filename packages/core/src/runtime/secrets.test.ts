import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testSecretsManager } from '../../../../tests/support/secrets-manager.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { openSecret } from './secrets.ts';
import type { Secret } from './settings.ts';

let manager: Awaited<ReturnType<typeof testSecretsManager>>;
let time = 0;
beforeEach(async () => {
  manager = await testSecretsManager({ db: '{"username":"ada","password":"first"}', plain: 'text' });
});
afterEach(() => manager.stop());

const open = (secret: Secret) =>
  openSecret(secret, {
    setting: 'DATABASE_PASSWORD',
    aws: { region: 'eu-central-1', endpoint: manager.endpoint },
    log: silentLog,
    now: () => time,
  });
const inDb = { id: 'db', key: 'password' };
const rotate = (to: string) => manager.put('db', JSON.stringify({ username: 'ada', password: to }));
const minutes = (count: number) => count * 60_000;

test.each<[string, Secret, string]>([
  ['a value is itself', { value: 'hunter2' }, 'hunter2'],
  ['a secret is its text', { id: 'plain', key: undefined }, 'text'],
  ['a secret with a key is a member of its JSON', inDb, 'first'],
])('%s', async (_, secret, value) => {
  const opened = await open(secret);
  expect(await opened.read()).toBe(value);
  opened.close();
});

describe('a rotation', () => {
  test('takes effect after five minutes', async () => {
    const secret = await open(inDb);
    rotate('second');
    time += minutes(4.9);
    expect(await secret.read()).toBe('first');
    time += minutes(0.2);
    expect(await Promise.all([secret.read(), secret.read()])).toEqual(['second', 'second']);
    expect(manager.reads()).toBe(2);
    secret.close();
  });

  test('takes effect immediately after the value was invalidated', async () => {
    const secret = await open(inDb);
    rotate('second');
    secret.invalidate();
    expect(await secret.read()).toBe('second');
    secret.close();
  });
});

test('while Secrets Manager is unavailable, the last value is used', async () => {
  const secret = await open(inDb);
  manager.down();
  secret.invalidate();
  expect(await secret.read()).toBe('first');
  manager.up();
  rotate('second');
  secret.invalidate();
  expect(await secret.read()).toBe('second');
  secret.close();
});

test.each<[string, Secret, RegExp]>([
  ['does not exist', { id: 'nowhere', key: undefined }, /ResourceNotFoundException/],
  ['has no such key', { id: 'db', key: 'passwort' }, /not a JSON object with a string at "passwort"/],
  ['is not JSON, although a key is given', { id: 'plain', key: 'password' }, /not a JSON object/],
])(
  'a secret that %s cannot be opened; the error contains the setting and no value',
  async (_, secret, reason) => {
    const error: unknown = await open(secret).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(reason);
    expect(String(error)).toContain('DATABASE_PASSWORD');
    expect(String(error)).not.toMatch(/first|ada|text"|:text/);
  },
);
