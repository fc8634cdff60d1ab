import { createHash, randomBytes } from 'node:crypto';
import type { Scope } from '../actor.ts';
import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { apiKeys } from './api-key.sql.ts';

const prefix = 'pk_';

/** True for text that has the form of our API keys, as opposed to a JWT. */
export const looksLikeApiKey = (credential: string) => credential.startsWith(prefix);

/** What is stored of a key: a fast hash is right for 256 random bits, unlike for passwords. */
export const hashOfKey = (key: string) => createHash('sha256').update(key).digest('hex');

/** Creates an API key and returns it; nobody can read it again. `expiresAt: null` never expires. */
export async function issueApiKey(
  db: Db,
  about: { name: string; scopes: Scope[]; expiresAt: Date | null } & (
    | { subject: string; portfolioId?: never }
    | { portfolioId: string; subject?: never }
  ),
): Promise<string> {
  const key = prefix + randomBytes(32).toString('base64url');
  await db.insert(apiKeys).values({
    ...about,
    id: newId('apiKey'),
    secretHash: hashOfKey(key),
    expiresAt: about.expiresAt?.toISOString() ?? null,
  });
  return key;
}
