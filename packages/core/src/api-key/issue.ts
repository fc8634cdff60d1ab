import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { OperatorScope, Scope } from '../actor.ts';
import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { apiKeys } from './api-key.sql.ts';

const prefix = 'pk_';
/** The visible part of a secret: 30 of its 256 bits. */
const prefixCharacters = 8;

/** 32 random bytes in base64url, and the checksum of what is before it. Keys of release 0.1.0 have no checksum. */
const format = /^(pk_[\w-]{43})([0-9A-Za-z]{6})?$/;
const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** CRC-32 in base 62: six digits, the highest first. */
function checksumOf(text: string): string {
  let rest = crc32(text);
  const digits = Array.from({ length: 6 }, () => {
    const digit = base62[rest % 62]!;
    rest = Math.floor(rest / 62);
    return digit;
  });
  return digits.toReversed().join('');
}

/** True for a credential that begins as the platform's API keys do, as opposed to a JWT. */
export const looksLikeApiKey = (credential: string) => credential.startsWith(prefix);

/** False for a credential that cannot be an API key of the platform, which nobody needs to look up. */
export function isWellFormedKey(credential: string): boolean {
  const [, body, checksum] = format.exec(credential) ?? [];
  return body !== undefined && (checksum === undefined || checksum === checksumOf(body));
}

/** The stored hash of a key. A fast hash is safe for 256 random bits, unlike for passwords. */
export const hashOfKey = (key: string) => createHash('sha256').update(key).digest('hex');

/** Who and what made a key; all null where the platform itself did. */
export type Lineage = {
  madeBy: string | null;
  madeWith: string | null;
  parentId: string | null;
  tokenIssuedAt: string | null;
};

export type KeyOwner = { personId: string; portfolioId?: never } | { portfolioId: string; personId?: never };

/** What a key may do, and whose it is: an operator's belongs to nobody, and has no scope of portfolios. */
type Grant = ({ scopes: Scope[] } & KeyOwner) | { scopes: OperatorScope[]; forOperator: true };

/** Creates an API key; its secret cannot be read again. With `expiresAt: null`, it never expires. */
export async function issueApiKey(
  db: Db,
  { expiresAt, ...about }: { name: string; expiresAt: Date | null } & Grant & Partial<Lineage>,
): Promise<{ id: string; secret: string }> {
  const id = newId('apiKey');
  const body = prefix + randomBytes(32).toString('base64url');
  const secret = body + checksumOf(body);
  await db.insert(apiKeys).values({
    ...about,
    // The type of the column is that of the keys of people and portfolios, which alone are shown.
    scopes: about.scopes as Scope[],
    id,
    prefix: secret.slice(0, prefixCharacters),
    secretHash: hashOfKey(secret),
    expiresAt: expiresAt?.toISOString() ?? null,
  });
  return { id, secret };
}
