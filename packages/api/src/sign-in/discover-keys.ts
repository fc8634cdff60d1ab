import { z } from 'zod';

const timeoutMilliseconds = 3000;
const maxBytes = 256 * 1024;
const documentSchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

/** Resolves to the address of an issuer's keys, by its discovery document (OpenID Connect Discovery 1.0, 4). */
export async function discoverKeys(issuer: string): Promise<string> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(address, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMilliseconds),
  });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}.`);
  const text = await answer.text();
  if (text.length > maxBytes) throw new Error(`${address} is too long.`);
  const { issuer: named, jwks_uri: keys } = documentSchema.parse(JSON.parse(text));
  if (named !== issuer) throw new Error(`The issuer calls itself ${named}, and is configured as ${issuer}.`);
  if (issuer.startsWith('https:') && !keys.startsWith('https:'))
    throw new Error(`The address of the keys of ${issuer} has no TLS.`);
  return keys;
}
