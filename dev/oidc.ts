import { exportJWK, generateKeyPair } from 'jose';
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Adapter, type AdapterPayload, type Configuration, Provider } from 'oidc-provider';

/** Whom the page of the provider offers. */
export type ExamplePerson = { subject: string; name: string; groups?: string[] };

type ProviderOptions = {
  issuer: string;
  client: { id: string; secret: string; redirectUris: string[] };
  people: readonly ExamplePerson[];
};

/** An OpenID provider for local use and for tests, where people sign in by choosing who they are. Keeps all in memory. */
export async function createProvider({ issuer, client, people }: ProviderOptions) {
  const provider = new Provider(issuer, {
    ...(await secretsOf()),
    adapter: createAdapter(),
    clients: [{ client_id: client.id, client_secret: client.secret, redirect_uris: client.redirectUris }],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    claims: { openid: ['sub'], profile: ['name'], groups: ['groups'] },
    scopes: ['openid', 'profile', 'groups'],
    findAccount: (_ctx, subject) => {
      const person = people.find((each) => each.subject === subject);
      if (!person) return undefined;
      const { name, groups } = person;
      return { accountId: subject, claims: () => ({ sub: subject, name, ...(groups && { groups }) }) };
    },
    // Nobody is asked whether the platform may know who they are.
    async loadExistingGrant({ oidc }) {
      const { Grant } = oidc.provider;
      const grant = new Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! });
      grant.addOIDCScope('openid profile groups');
      await grant.save();
      return grant;
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600 },
    renderError(ctx, { error, error_description: reason }) {
      ctx.type = 'text/plain';
      ctx.body = `${error}: ${reason}\n`;
    },
    features: { devInteractions: { enabled: false } },
  });
  const answer = provider.callback();
  return (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', issuer);
    forgetSession(request);
    if (url.pathname.startsWith('/interaction/'))
      void interact(provider, people, { request, response, chosen: url.searchParams.get('person') });
    else void answer(request, response);
  };
}

async function secretsOf(): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: randomUUID(), alg: 'ES256', use: 'sig' };
  return { jwks: { keys: [key] }, cookies: { keys: [randomBytes(32).toString('base64url')] } };
}

/** Whoever tries the platform wants to be one person and then the other, so each sign-in is the first one. */
function forgetSession({ headers }: IncomingMessage) {
  const kept = headers.cookie?.split('; ').filter((cookie) => !cookie.startsWith('_session'));
  headers.cookie = kept?.join('; ') ?? '';
}

type Interaction = { request: IncomingMessage; response: ServerResponse; chosen: string | null };

async function interact(
  provider: Provider,
  people: readonly ExamplePerson[],
  { request, response, chosen }: Interaction,
) {
  try {
    const isKnown = people.some(({ subject }) => subject === chosen);
    if (chosen !== null && isKnown)
      return await provider.interactionFinished(request, response, { login: { accountId: chosen } });
    if (chosen === 'nobody')
      return await provider.interactionFinished(request, response, { error: 'access_denied' });
    await provider.interactionDetails(request, response);
    response.setHeader('content-type', 'text/html; charset=utf-8').end(pageOf(people));
  } catch {
    response.writeHead(400, { 'content-type': 'text/plain' }).end('This sign-in has ended. Begin again.\n');
  }
}

const pageOf = (people: readonly ExamplePerson[]) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Sign in as an example person</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem }
  button { font: inherit; display: block; width: 100%; padding: .7rem; margin: .6rem 0; cursor: pointer }
</style>
<main>
  <h1>Sign in</h1>
  <p>This provider runs on this machine only. Whom do you want to be?</p>
  <form>
    ${people.map(({ subject, name }) => `<button name="person" value="${subject}">${name}</button>`).join('\n    ')}
    <button name="person" value="nobody">Cancel</button>
  </form>
</main>
</html>
`;

/** What the provider stores, by model and id. */
function createAdapter() {
  const stored = new Map<string, AdapterPayload>();
  return class MemoryAdapter implements Adapter {
    readonly #model: string;

    constructor(model: string) {
      this.#model = model;
    }

    #key = (id: string) => `${this.#model} ${id}`;

    async upsert(id: string, payload: AdapterPayload) {
      stored.set(this.#key(id), payload);
    }
    async find(id: string) {
      return stored.get(this.#key(id));
    }
    async findByUid(uid: string) {
      return [...stored.values()].find((payload) => payload.kind === this.#model && payload.uid === uid);
    }
    async findByUserCode() {
      return undefined;
    }
    async consume(id: string) {
      const found = stored.get(this.#key(id));
      if (found) found.consumed = Math.floor(Date.now() / 1000);
    }
    async destroy(id: string) {
      stored.delete(this.#key(id));
    }
    async revokeByGrantId(grantId: string) {
      for (const [key, payload] of stored) if (payload.grantId === grantId) stored.delete(key);
    }
  };
}
