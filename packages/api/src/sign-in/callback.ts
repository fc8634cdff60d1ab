import { hash } from 'node:crypto';
import type { Issuer } from './issuer.ts';

export const callbackPrefix = '/auth/callback';

/**
 * Where an issuer leads back to. Each has an address of its own, so that a code of one cannot be taken for that of another
 * (RFC 9700, 4.4): the name of a further issuer is the beginning of the SHA-256 of its address.
 */
export const callbackPath = ({ issuer, isDefault }: Pick<Issuer, 'issuer' | 'isDefault'>) =>
  isDefault ? callbackPrefix : `${callbackPrefix}/${hash('sha256', issuer).slice(0, 16)}`;
