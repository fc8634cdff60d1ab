import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const algorithm = 'ES256';
const keyId = 'local';
const issuer = 'https://issuer.portfolio.local';
const audience = 'portfolio-api';
const keyFileSchema = z.looseObject({ kty: z.literal('EC'), d: z.string() });

/**
 * A token issuer for local use: publishes the public key of the key file, which is created if missing. `signToken` signs
 * tokens.
 */
export async function startIssuer(keyFile: string) {
  const { d: _secret, ...publicKey } = (await readKey(keyFile)) ?? (await createKey(keyFile));
  const keySet = JSON.stringify({ keys: [{ ...publicKey, kid: keyId, alg: algorithm, use: 'sig' }] });
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/jwk-set+json').end(keySet);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    settings: {
      JWT_ISSUER: issuer,
      JWT_JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
      JWT_AUDIENCE: audience,
    },
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** A token for a subject, valid for an hour. */
export async function signToken(
  keyFile: string,
  subject: string,
  scopes: readonly string[],
): Promise<string> {
  const key = await readKey(keyFile);
  if (!key) throw new Error(`${keyFile} does not exist: run npm start first.`);
  return new SignJWT({ scope: scopes.join(' ') })
    .setProtectedHeader({ alg: algorithm, kid: keyId })
    .setSubject(subject)
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(await importJWK(key, algorithm));
}

async function readKey(keyFile: string) {
  const text = await readFile(keyFile, 'utf8').catch(() => null);
  return text === null ? null : keyFileSchema.parse(JSON.parse(text));
}

async function createKey(keyFile: string) {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const key = keyFileSchema.parse(await exportJWK(privateKey));
  await writeFile(keyFile, JSON.stringify(key), { mode: 0o600 });
  return key;
}
