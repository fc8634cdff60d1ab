import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encryptionKeys } from '../../../../tests/support/encryption.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import type { Encryption } from '../context.ts';
import { operations } from '../index.ts';
import { openEncryption } from '../runtime/encryption.ts';
import { createLog } from '../runtime/log.ts';
import { checkWebhookSecrets, encryptWebhookSecrets } from './encrypt-secrets.ts';
import { encryptSecrets, readSecrets, storedSecretColumns } from './stored-secrets.ts';
import { webhooks } from './webhook.sql.ts';

const { webhook } = operations;
const owner = user('owner');
const never = new AbortController().signal;
const all = '*' as const;
const portfolio = 'team';

let platform: TestServices;
let lines: string[];
let older: Encryption;
let newer: Encryption;
let newest: Encryption;
const log = createLog('test', 'info', { write: (line) => void lines.push(line) });
const open = (current: string, bytes: Record<string, number>) =>
  openEncryption(
    { value: encryptionKeys(current, bytes) },
    { aws: { region: 'us-east-1', endpoint: undefined }, log },
  );

beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: portfolio, name: 'Team' });
  older = await open('k1', { k1: 1 });
  newer = await open('k2', { k1: 1, k2: 2 });
  newest = await open('k2', { k2: 2 });
});
afterAll(() => platform.stop());
beforeEach(async () => {
  lines = [];
  await platform.sql`delete from webhooks`;
});

const create = (encryption: Encryption) =>
  webhook.create.run(
    { ...platform.as(owner), encryption },
    { portfolio, url: 'https://example.com/hook', events: ['job.failed'] },
  );
const rotate = (id: string, encryption: Encryption) =>
  webhook.rotateSecret.run({ ...platform.as(owner), encryption }, { portfolio, id, expectedVersion: all });
/** The task of the schedule, with the privileges of the worker. */
const encryptAll = (encryption: Encryption) =>
  encryptWebhookSecrets({ db: platform.workerDb, encryption, log }, never);
async function secretsOf(id: string, encryption: Encryption) {
  const [row] = await platform.db.select(storedSecretColumns).from(webhooks).where(eq(webhooks.id, id));
  return readSecrets(encryption, row!);
}
const rowOf = async (id: string) => {
  const [row] = await platform.sql`
    select secret, previous_secret, encrypted_secret, encrypted_previous_secret, webhooks::text as whole
    from webhooks where id = ${id}`;
  return row as Record<string, string | null>;
};
const logged = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);

/** A webhook as release 0.1.0 stores it. */
async function createPlain(secret: string, previousSecret: string | null = null) {
  const { id } = await create(older);
  await platform.sql`
    update webhooks set encrypted_secret = null, encrypted_previous_secret = null, secret = ${secret},
      previous_secret = ${previousSecret}, previous_secret_until = now() + interval '1 hour'
    where id = ${id}`;
  return id;
}

test('no secret is stored in plain text, neither the current nor the previous one', async () => {
  const created = await create(older);
  const rotated = await rotate(created.id, older);
  const { secret, previous_secret: previous, whole } = await rowOf(created.id);
  expect([secret, previous]).toEqual([null, null]);
  for (const one of [created.secret, rotated.secret]) expect(whole).not.toContain(one.slice(6, 20));
  expect(await secretsOf(created.id, older)).toEqual({
    secret: rotated.secret,
    previousSecret: created.secret,
  });
});

test('a secret that is copied to another webhook, or to another column, cannot be read', async () => {
  const [one, other] = [await create(older), await create(older)];
  await rotate(other.id, older);
  await platform.sql`
    update webhooks set encrypted_secret = (select encrypted_secret from webhooks where id = ${one.id})
    where id = ${other.id}`;
  await expect(secretsOf(other.id, older)).rejects.toMatchObject({ name: 'UnreadableSecret' });
  await rotate(one.id, older);
  await platform.sql`update webhooks set encrypted_secret = encrypted_previous_secret where id = ${one.id}`;
  await expect(secretsOf(one.id, older)).rejects.toMatchObject({ name: 'UnreadableSecret' });
});

describe('rotating the keys', () => {
  test('encrypts every secret again, after which the old key is not needed', async () => {
    const made = [await create(older), await create(older), await create(newer)];
    const rotated = await rotate(made[0]!.id, older);
    await expect(checkWebhookSecrets(platform.db, newest)).rejects.toThrow('has no key "k1"');
    expect(await encryptAll(newer)).toBe(2);
    expect(logged()).toMatchObject([{ current: 'k2', byKey: { k2: 4 } }]);
    await checkWebhookSecrets(platform.db, newest);
    expect(await secretsOf(made[0]!.id, newest)).toEqual({
      secret: rotated.secret,
      previousSecret: made[0]!.secret,
    });
    for (const { id, secret } of made.slice(1)) expect(await secretsOf(id, newest)).toMatchObject({ secret });
    expect(await encryptAll(newer)).toBe(0);
  });

  test('goes through more webhooks than one batch', async () => {
    const { id } = await create(older);
    await platform.sql`
      insert into webhooks (id, portfolio_id, url, description, events, secret)
      select 'wh_copy_' || at, portfolio_id, url, description, events, 'whsec_' || at
      from webhooks, generate_series(1, 250) at where id = ${id}`;
    expect(await encryptAll(newer)).toBe(251);
    expect(await secretsOf('wh_copy_250', newest)).toMatchObject({ secret: 'whsec_250' });
  });

  test('leaves a secret that cannot be read as it is, says so, and does the others', async () => {
    const [lost, others] = [
      await create(await open('k0', { k0: 3 })),
      [await create(older), await create(older)],
    ];
    const before = await rowOf(lost.id);
    expect(await encryptAll(newer)).toBe(2);
    expect(await rowOf(lost.id)).toEqual(before);
    for (const { id, secret } of others) expect(await secretsOf(id, newest)).toMatchObject({ secret });
    expect(logged()).toMatchObject([
      { webhook: lost.id, msg: expect.stringContaining('cannot be decrypted') },
      { byKey: { k0: 1, k2: 2 } },
    ]);
  });

  test('removes a previous secret that has expired', async () => {
    const { id } = await create(older);
    const rotated = await rotate(id, older);
    await platform.sql`update webhooks set previous_secret_until = now() where id = ${id}`;
    await encryptAll(older);
    expect(await rowOf(id)).toMatchObject({ encrypted_previous_secret: null });
    expect(await secretsOf(id, older)).toEqual({ secret: rotated.secret, previousSecret: null });
  });
});

describe('beside release 0.1.0', () => {
  test('its secrets are read in plain text until they are encrypted', async () => {
    const id = await createPlain('whsec_now', 'whsec_before');
    const secrets = { secret: 'whsec_now', previousSecret: 'whsec_before' };
    expect(await secretsOf(id, older)).toEqual(secrets);
    await encryptAll(older);
    expect(lines.join()).not.toContain('whsec_');
    expect(await rowOf(id)).toMatchObject({ secret: null, previous_secret: null });
    expect(await secretsOf(id, older)).toEqual(secrets);
  });

  test('a rotation by it makes the encrypted secret the previous one', async () => {
    const { id, secret: first } = await create(older);
    // As its statement does.
    await platform.sql`
      update webhooks set secret = 'whsec_new', previous_secret = secret,
        previous_secret_until = now() + interval '1 day' where id = ${id}`;
    const secrets = { secret: 'whsec_new', previousSecret: first };
    expect(await secretsOf(id, older)).toEqual(secrets);
    await encryptAll(newer);
    expect(await secretsOf(id, newest)).toEqual(secrets);
  });
});

test('keys other than those that encrypted are noticed before anything is signed', async () => {
  const { id } = await create(older);
  await expect(checkWebhookSecrets(platform.db, await open('k1', { k1: 9 }))).rejects.toThrow(
    'with the key "k1"',
  );
  const { secret } = await rotate(id, older);
  const { encryptedSecret } = await encryptSecrets(newer, id, { secret, previousSecret: null });
  await platform.db.update(webhooks).set({ encryptedSecret }).where(eq(webhooks.id, id));
  // The previous secret, which still signs, is under the old key.
  await expect(checkWebhookSecrets(platform.db, await open('k2', { k2: 2, k1: 9 }))).rejects.toThrow('"k1"');
  await checkWebhookSecrets(platform.db, newer);
});

test('a webhook whose key is lost gets a new secret by rotating it', async () => {
  const { id } = await create(older);
  const rotated = await rotate(id, newest);
  expect(await secretsOf(id, newest)).toEqual({ secret: rotated.secret, previousSecret: null });
});
