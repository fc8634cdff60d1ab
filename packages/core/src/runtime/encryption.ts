import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Encryption } from '../context.ts';
import type { AwsSettings } from './aws.ts';
import type { Logger } from './log.ts';
import { openSecret } from './secrets.ts';
import type { Secret } from './settings.ts';

const algorithm = 'aes-256-gcm';
const [keyBytes, nonceBytes, tagBytes] = [32, 12, 16];
/** How often an unknown key makes a process read the setting before its time: a new one may just have been added. */
const refreshMilliseconds = 5000;

/** A secret cannot be decrypted: its key is missing or another one, or it was changed or moved. */
export class UnreadableSecret extends Error {
  override readonly name = 'UnreadableSecret';
}

const keyIdSchema = z.string().regex(/^[\w-]{1,32}$/);
const keySchema = z
  .base64()
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === keyBytes);
const keyRingSchema = z
  .strictObject({ current: keyIdSchema, keys: z.record(keyIdSchema, keySchema) })
  .refine(({ current, keys }) => Object.hasOwn(keys, current));

type KeyRing = { current: string; keys: Map<string, Buffer> };

/** Throws for an invalid setting, without its text. */
function parseKeyRing(text: string): KeyRing {
  const { data } = keyRingSchema.safeParse(parseJson(text));
  if (data) return { current: data.current, keys: new Map(Object.entries(data.keys)) };
  throw new Error(
    'ENCRYPTION_KEYS: Expected {"current":"k1","keys":{"k1":"…"}}: JSON in which each key is 32 random bytes in base64, and `current` is the id of one of them.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Null for a text that is not an encrypted secret. */
function partsOf(stored: string) {
  const [, id, nonce, sealed] = /^enc:v1:([\w-]+):([\w-]+):([\w-]+)$/.exec(stored) ?? [];
  return id && nonce && sealed
    ? { id, nonce: Buffer.from(nonce, 'base64url'), sealed: Buffer.from(sealed, 'base64url') }
    : null;
}

/**
 * Opens the setting ENCRYPTION_KEYS, and follows its changes. Stored secrets are `enc:v1:<key id>:<nonce>:<ciphertext and
 * tag>`. Rejects if the setting cannot be read or is invalid.
 */
export async function openEncryption(
  setting: Secret,
  { aws, log, now = Date.now }: { aws: AwsSettings; log: Logger; now?: () => number },
): Promise<Encryption & { close(): void }> {
  const opened = await openSecret(setting, { setting: 'ENCRYPTION_KEYS', aws, log, now });
  let text = await opened.read();
  let ring = parseKeyRing(text);
  let refreshedAt = -Infinity;

  async function current(): Promise<KeyRing> {
    const newest = await opened.read();
    if (newest === text) return ring;
    text = newest;
    try {
      ring = parseKeyRing(newest);
    } catch (error) {
      log.error({ err: error }, 'the new encryption keys are invalid; the last ones are used');
    }
    return ring;
  }

  async function keyOf(id: string): Promise<Buffer> {
    const known = (await current()).keys.get(id);
    if (known) return known;
    if (now() - refreshedAt >= refreshMilliseconds) {
      refreshedAt = now();
      opened.invalidate();
    }
    const added = (await current()).keys.get(id);
    if (added) return added;
    throw new UnreadableSecret(`ENCRYPTION_KEYS has no key "${id}", under which a secret is stored.`);
  }

  return {
    async encrypt(secret, place) {
      const { current: id, keys } = await current();
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, keys.get(id)!, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `enc:v1:${id}:${nonce.toString('base64url')}:${sealed.toString('base64url')}`;
    },
    async decrypt(stored, place) {
      const parts = partsOf(stored);
      if (!parts) throw new UnreadableSecret('A stored secret does not have the form of an encrypted one.');
      const key = await keyOf(parts.id);
      try {
        return unseal(key, parts, place);
      } catch (cause) {
        const message = `A secret cannot be decrypted with the key "${parts.id}": the key is another one, or the secret was changed or moved.`;
        throw new UnreadableSecret(message, { cause });
      }
    },
    currentKey: async () => (await current()).current,
    close: () => opened.close(),
  };
}

function unseal(key: Buffer, { nonce, sealed }: { nonce: Buffer; sealed: Buffer }, place: string): string {
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
}
