import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../actor.ts';
import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { apiKeys } from './api-key.sql.ts';

const prefix = 'pk_';
/** The visible part of a secret: 30 of its 256 bits. */
const prefixCharacters = 8;

/** True for a credential in the format of the platform's API keys, as opposed to a JWT. */
export const looksLikeApiKey = (credential: string) => credential.startsWith(prefix);

/** The stored hash of a key. A fast hash is safe for 256 random bits, unlike for passwords. */
export const hashOfKey = (key: string) => createHash('sha256').update(key).digest('hex');

/** Creates an API key; its secret cannot be read again. With `expiresAt: null`, it never expires. */
export async function issueApiKey(
  db: Db,
  about: { name: string; scopes: Scope[]; expiresAt: Date | null } & (
    | { subject: string; portfolioId?: never }
    | { portfolioId: string; subject?: never }
  ),
): Promise<{ id: string; secret: string }> {
  const id = newId('apiKey');
  const secret = prefix + randomBytes(32).toString('base64url');
  await db.insert(apiKeys).values({
    ...about,
    id,
    prefix: secret.slice(0, prefixCharacters),
    secretHash: hashOfKey(secret),
    expiresAt: about.expiresAt?.toISOString() ?? null,
  });
  return { id, secret };
}
