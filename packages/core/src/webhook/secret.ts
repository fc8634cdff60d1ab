import { createHmac, randomBytes } from 'node:crypto';

const prefix = 'whsec_';

/** A new secret: `whsec_` and 256 random bits in base64 (Standard Webhooks). */
export const newSecret = () => prefix + randomBytes(32).toString('base64');

/**
 * The header `webhook-signature` of a message (Standard Webhooks): an HMAC-SHA256 over id, time and body for each secret,
 * separated by spaces. `timestampSeconds` is the time of the attempt, as in the header `webhook-timestamp`.
 */
export function signatureOf(
  message: { id: string; timestampSeconds: number; body: string },
  secrets: readonly string[],
): string {
  const signed = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return secrets
    .map((secret) => Buffer.from(secret.slice(prefix.length), 'base64'))
    .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
    .join(' ');
}
