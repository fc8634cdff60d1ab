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
  test('is heeded after five minutes', async () => {
    const secret = await open(inDb);
    rotate('second');
    time += minutes(4.9);
    expect(await secret.read()).toBe('first');
    time += minutes(0.2);
    expect(await Promise.all([secret.read(), secret.read()])).toEqual(['second', 'second']);
    expect(manager.reads()).toBe(2);
    secret.close();
  });

  test('is heeded at once where the value is doubted', async () => {
    const secret = await open(inDb);
    rotate('second');
    secret.doubt();
    expect(await secret.read()).toBe('second');
    secret.close();
  });
});

test('while Secrets Manager is away, the last value is used', async () => {
  const secret = await open(inDb);
  manager.down();
  secret.doubt();
  expect(await secret.read()).toBe('first');
  manager.up();
  rotate('second');
  secret.doubt();
  expect(await secret.read()).toBe('second');
  secret.close();
});

test.each<[string, Secret, RegExp]>([
  ['is not there', { id: 'nowhere', key: undefined }, /ResourceNotFoundException/],
  ['has no such key', { id: 'db', key: 'passwort' }, /no JSON object with a text at "passwort"/],
  ['is no JSON, though a key is named', { id: 'plain', key: 'password' }, /no JSON object/],
])(
  'a secret that %s cannot be opened; the error names the setting and no value',
  async (_, secret, reason) => {
    const error: unknown = await open(secret).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(reason);
    expect(String(error)).toContain('DATABASE_PASSWORD');
    expect(String(error)).not.toMatch(/first|ada|text"|:text/);
  },
);
