import { createHash, randomBytes } from 'node:crypto';

/** A new secret of 256 random bits, which scanners and the log recognise by its prefix. */
export const newInvitationSecret = () => `pinv_${randomBytes(32).toString('base64url')}`;

/** The stored hash of a secret. A fast hash is safe for 256 random bits. */
export const hashOfSecret = (secret: string) => createHash('sha256').update(secret).digest('hex');
