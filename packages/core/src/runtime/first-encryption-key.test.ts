import { afterEach, beforeEach, expect, test } from 'vitest';
import { testSecretsManager } from '../../../../tests/support/secrets-manager.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { createFirstEncryptionKey } from './first-encryption-key.ts';

let manager: Awaited<ReturnType<typeof testSecretsManager>>;
beforeEach(async () => {
  manager = await testSecretsManager();
  manager.create('keys');
});
afterEach(() => manager.stop());

const create = () =>
  createFirstEncryptionKey('keys', { region: 'eu-central-1', endpoint: manager.endpoint }, silentLog);

test('an empty secret gets a random key of 32 bytes', async () => {
  await create();
  const { current, keys } = JSON.parse(manager.read('keys')!);
  expect(Object.keys(keys)).toEqual([current]);
  expect(Buffer.from(keys[current], 'base64')).toHaveLength(32);
});

test('a secret that has a value keeps it', async () => {
  manager.put('keys', 'set by hand');
  await create();
  expect(manager.read('keys')).toBe('set by hand');
});

test('processes that start at the same time make one key, and a later one changes nothing', async () => {
  await Promise.all([create(), create(), create()]);
  const made = manager.read('keys');
  await create();
  expect(manager.read('keys')).toBe(made);
  expect(manager.puts()).toBe(1);
});

test('a secret that does not exist is an error', async () => {
  await expect(
    createFirstEncryptionKey('other', { region: 'eu-central-1', endpoint: manager.endpoint }, silentLog),
  ).rejects.toThrow("can't find the specified secret");
});
