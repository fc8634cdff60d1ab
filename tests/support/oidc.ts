import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callbackPath } from '../../packages/api/src/sign-in/callback.ts';
import type { Issuer } from '../../packages/api/src/sign-in/issuer.ts';
import { type ExamplePerson, createProvider } from '../../dev/oidc.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const isDown: Answer = (_request, response) => void response.writeHead(503).end();

const secret = 'secret of the client';

/**
 * An OpenID provider on a free port. It exists from `open` on, when the origin of the API is known; until then, and while
 * `instead` is set, it answers otherwise.
 */
export async function testProvider(people: readonly ExamplePerson[], about: Partial<Issuer> = {}) {
  let answer: Answer = isDown;
  const state: { instead?: Answer | undefined } = {};
  const server = createServer((request, response) => (state.instead ?? answer)(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: Issuer = {
    issuer: url,
    audience: 'portfolio-api',
    isDefault: true,
    client: { id: 'portfolio', readSecret: async () => secret, scopes: 'openid profile groups' },
    ...about,
  };
  return Object.assign(state, {
    issuer,
    async open(...origins: string[]) {
      const redirectUris = origins.map((origin) => origin + callbackPath(issuer));
      answer = await createProvider({
        issuer: url,
        client: { id: 'portfolio', secret, redirectUris },
        people,
      });
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  });
}

/** A browser as far as cookies and redirects go. */
export class CookieBrowser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** The cookies of an origin, as a header. */
  cookies(origin: string): string {
    return [...this.#jarOf(origin)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Follows redirects. Resolves to the last answer, and the addresses that led there. */
  async visit(address: string): Promise<{ answer: Response; visited: string[] }> {
    const visited: string[] = [];
    for (let next = address; ;) {
      visited.push(next);
      const answer = await this.fetch(next);
      const location = answer.headers.get('location');
      if (location === null) return { answer, visited };
      await answer.body?.cancel();
      next = new URL(location, next).href;
    }
  }

  async fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(address);
    const headers = new Headers(init.headers);
    headers.set('cookie', this.cookies(origin));
    const answer = await fetch(address, { ...init, headers, redirect: 'manual' });
    for (const each of answer.headers.getSetCookie()) this.#store(origin, each);
    return answer;
  }

  #store(origin: string, setCookie: string) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(setCookie) ?? [];
    const hasEnded = /max-age=0|expires=Thu, 01 Jan 1970/i.test(setCookie);
    if (hasEnded) this.#jarOf(origin).delete(name);
    else this.#jarOf(origin).set(name, value);
  }

  #jarOf(origin: string) {
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    return jar;
  }
}
