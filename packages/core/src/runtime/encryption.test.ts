import { beforeEach, describe, expect, test } from 'vitest';
import { encryptionKeys } from '../../../../tests/support/encryption.ts';
import { testSecretsManager } from '../../../../tests/support/secrets-manager.ts';
import { silentLog } from '../../../../tests/support/services.ts';
import { openEncryption } from './encryption.ts';

const aws = { region: 'us-east-1', endpoint: undefined };
const open = (value: string) => openEncryption({ value }, { aws, log: silentLog });
const secret = 'whsec_ein Geheimnis';
const unreadable = { name: 'UnreadableSecret' };

test('a secret is stored under the current key, and differently each time', async () => {
  const encryption = await open(encryptionKeys('k2', { k1: 1, k2: 2 }));
  const [one, other] = [await encryption.encrypt(secret, 'here'), await encryption.encrypt(secret, 'here')];
  expect(one).toMatch(/^enc:v1:k2:[\w-]{16}:[\w-]+$/);
  expect(one).not.toBe(other);
  expect(one).not.toContain(Buffer.from(secret).toString('base64url').slice(0, 8));
  expect(await encryption.decrypt(one, 'here')).toBe(secret);
});

test('what an older key encrypted is read as long as the key is there', async () => {
  const stored = await (await open(encryptionKeys('k1', { k1: 1 }))).encrypt(secret, 'here');
  const rotated = await open(encryptionKeys('k2', { k1: 1, k2: 2 }));
  expect(await rotated.decrypt(stored, 'here')).toBe(secret);
  const without = await open(encryptionKeys('k2', { k2: 2 }));
  await expect(without.decrypt(stored, 'here')).rejects.toMatchObject({
    ...unreadable,
    message: expect.stringContaining('"k1"'),
  });
});

describe('a secret cannot be read', () => {
  test('with another key of the same name', async () => {
    const stored = await (await open(encryptionKeys('k1', { k1: 1 }))).encrypt(secret, 'here');
    const other = await open(encryptionKeys('k1', { k1: 2 }));
    await expect(other.decrypt(stored, 'here')).rejects.toMatchObject(unreadable);
  });

  test('if it was moved, changed or cut', async () => {
    const encryption = await open(encryptionKeys('k1', { k1: 1 }));
    const stored = await encryption.encrypt(secret, 'here');
    const [start, sealed] = [stored.slice(0, stored.lastIndexOf(':') + 1), stored.split(':').at(-1)!];
    const changed = start + (sealed.startsWith('A') ? 'B' : 'A') + sealed.slice(1);
    await expect(encryption.decrypt(stored, 'there')).rejects.toMatchObject(unreadable);
    for (const broken of [changed, stored.slice(0, -4), `${start}AAAA`, start, 'whsec_plain', ''])
      await expect(encryption.decrypt(broken, 'here')).rejects.toMatchObject(unreadable);
  });
});

test.each([
  '',
  'hunter2',
  '[]',
  '{"current":"k1","keys":{}}',
  encryptionKeys('k2', { k1: 1 }),
  encryptionKeys('toString', { k1: 1 }),
  encryptionKeys('k:1', { 'k:1': 1 }),
  JSON.stringify({ current: 'k1', keys: { k1: Buffer.alloc(16).toString('base64') } }),
  JSON.stringify({ current: 'k1', keys: { k1: 'not base64!' } }),
])('the setting %j is refused, without its text', async (value) => {
  const refusal = await open(value).catch((error: Error) => error.message);
  expect(refusal).toMatch(/^ENCRYPTION_KEYS: Expected \{/);
  expect(refusal).not.toContain(value.slice(1) || 'no text');
});

describe('keys in Secrets Manager', () => {
  let manager: Awaited<ReturnType<typeof testSecretsManager>>;
  let encryption: Awaited<ReturnType<typeof openEncryption>>;
  beforeEach(async () => {
    manager = await testSecretsManager({ keys: encryptionKeys('k1', { k1: 1 }) });
    const at = { ...aws, endpoint: manager.endpoint };
    encryption = await openEncryption({ id: 'keys', key: undefined }, { aws: at, log: silentLog });
    return async () => {
      encryption.close();
      await manager.stop();
    };
  });

  test('are read again when a secret has a key that was added meanwhile', async () => {
    const added = encryptionKeys('k2', { k1: 1, k2: 2 });
    const stored = await (await open(added)).encrypt(secret, 'here');
    manager.put('keys', added);
    expect(await encryption.currentKey()).toBe('k1');
    expect(await encryption.decrypt(stored, 'here')).toBe(secret);
    expect(await encryption.currentKey()).toBe('k2');
  });

  test('are not asked for again and again by secrets whose key is gone', async () => {
    const stored = await (await open(encryptionKeys('k2', { k2: 2 }))).encrypt(secret, 'here');
    for (let at = 0; at < 5; at++)
      await expect(encryption.decrypt(stored, 'here')).rejects.toMatchObject(unreadable);
    expect(manager.reads()).toBe(2);
  });

  test('stay as they are if the new ones are invalid', async () => {
    const stored = await encryption.encrypt(secret, 'here');
    const other = await (await open(encryptionKeys('k2', { k2: 2 }))).encrypt(secret, 'here');
    manager.put('keys', 'nonsense');
    await expect(encryption.decrypt(other, 'here')).rejects.toMatchObject(unreadable);
    expect(await encryption.decrypt(stored, 'here')).toBe(secret);
  });
});
