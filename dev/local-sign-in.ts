import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import type * as Oidc from './oidc.ts';
import { callbackPath } from '../packages/api/src/sign-in/callback.ts';
import { inRepository } from './repository.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Whom one can be: obviously nobody. */
const people = [
  { subject: 'alex', name: 'Alex Example' },
  { subject: 'robin', name: 'Robin Example' },
];
const clientId = 'portfolio';

/**
 * Lets people sign in on this machine, as one of two example people. Its address names the issuer of these people, so the port
 * is stored; the provider itself is loaded at the first request, since most starts need none.
 */
export async function startLocalSignIn(portFile: string, apiPort: number) {
  const secret = randomBytes(32).toString('base64url');
  let provider: Promise<Answer> | undefined;
  const server = createServer((request, response) => {
    provider ??= load();
    void provider.then(
      (answer) => answer(request, response),
      () => response.writeHead(500).end(),
    );
  });
  await listen(server, Number(await readFile(portFile, 'utf8').catch(() => '0')));
  const { port } = server.address() as AddressInfo;
  await writeFile(portFile, String(port));
  const issuer = `http://127.0.0.1:${port}`;

  async function load(): Promise<Answer> {
    // From the sources, so that it is no part of the bundle that every start reads.
    const module = pathToFileURL(inRepository('dev/oidc.ts')).href;
    const { createProvider } = (await import(module)) as typeof Oidc;
    const path = callbackPath({ issuer, isDefault: false });
    const redirectUris = ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${apiPort}${path}`);
    return createProvider({ issuer, client: { id: clientId, secret, redirectUris }, people });
  }

  const name = 'an example person';
  return {
    settings: { JWT_ISSUERS: JSON.stringify([{ issuer, clientId, clientSecret: secret, name }]) },
    issuer,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** At the given port, or where another program has it, at any other. */
async function listen(server: ReturnType<typeof createServer>, port: number) {
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  }
}
