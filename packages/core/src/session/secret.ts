import { hash, randomBytes } from 'node:crypto';

const format = /^[\w-]{43}$/;

/** 256 random bits in base64url. */
export const newSecret = () => randomBytes(32).toString('base64url');

/** False for what no secret looks like, which nobody needs to look up. */
export const isWellFormed = (secret: string) => format.test(secret);

/** The stored hash of a secret. A fast hash is safe for 256 random bits, unlike for passwords. */
export const hashOfSecret = (secret: string) => hash('sha256', secret);
