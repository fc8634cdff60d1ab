import { randomBytes, randomUUID } from 'node:crypto';
import type { Keys, Target } from './target.ts';

/** The value of the Authorization header of a request, by its number; undefined for none. */
export type Credential = (target: Target, at: number) => string | undefined;

export const anonymous: Credential = () => undefined;

export const keyOf =
  (whose: 'owner' | 'viewer' | 'nonMember' | 'narrow'): Credential =>
  ({ keys }) =>
    `Bearer ${keys[whose]}`;

/** The next of the keys with each request. */
export const eachOf =
  (which: 'viewers' | 'unknown'): Credential =>
  ({ keys }, at) =>
    `Bearer ${keyAt(keys, which, at)}`;

/** One key that is unknown, in all requests. */
export const oneUnknown: Credential = ({ keys }) => `Bearer ${keyAt(keys, 'unknown', 0)}`;

/** Another key with each request, of the right length and alphabet. Its last character, of the checksum, is not right. */
export const wrongChecksum: Credential = ({ keys }, at) => {
  const key = keyAt(keys, 'unknown', at);
  return `Bearer ${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
};

/** Another key with each request, in the format of keys without a checksum. */
export const oldFormat: Credential = () => `Bearer pk_${randomBytes(32).toString('base64url')}`;

/** Another token with each request, whose signature is not one of the key that it names. */
export const forgedToken: Credential = () => tokenOf('local');

/** Another token with each request, signed by a key that the issuer does not have. */
export const unknownIssuerKey: Credential = () => tokenOf(randomUUID());

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

function tokenOf(kid: string): string {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: randomUUID(), aud: 'portfolio-api', iat: now, exp: now + 3600 };
  const signature = randomBytes(64).toString('base64url');
  return `Bearer ${encode({ alg: 'ES256', typ: 'JWT', kid })}.${encode(claims)}.${signature}`;
}

const keyAt = (keys: Keys, which: 'viewers' | 'unknown', at: number) => keys[which][at % keys[which].length]!;
