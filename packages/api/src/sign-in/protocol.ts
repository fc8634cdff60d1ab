import { AppError } from '@portfolio/core/errors';
import * as oidc from 'openid-client';
import { z } from 'zod';
import type { Issuer, OidcClient } from './issuer.ts';

type Client = Issuer & { client: OidcClient };

/** What the answer of an issuer has to match. */
type Expected = { state: string; nonce: string; verifier: string };

/** How long what an issuer says about itself is used before it is asked again. */
const freshMilliseconds = 3_600_000;
const timeoutSeconds = 5;
/** Asks for the time at which the person was identified (OpenID Connect Core, 3.1.2.1), and for that at least once a week. */
const maxAgeSeconds = 7 * 24 * 3600;

/** Up to the end of the year 9999, which Postgres and JSON can represent. */
const secondsSchema = z.number().min(0).max(253_402_300_799);

const claimsSchema = z.looseObject({
  sub: z.string().min(1).max(255),
  name: z.string().optional().catch(undefined),
  iat: secondsSchema,
  auth_time: secondsSchema.optional(),
});
export type Claims = z.output<typeof claimsSchema>;

/** A client of one issuer: the authorization code flow with PKCE, state and nonce. */
export type Protocol = {
  /** The address to which the browser is sent. With `again`, the person has to prove anew who they are. */
  begin(redirectUri: string, expected: Expected, again: boolean): Promise<URL>;
  /**
   * Checks the answer of the issuer, which is in the query of `answer`, and resolves to what the issuer says about the
   * person: `wanted` claims that the token lacks are asked for separately.
   */
  complete(answer: URL, expected: Expected, wanted: readonly string[]): Promise<Claims>;
};

export function createProtocol({ issuer, client }: Client): Protocol {
  const configure = createConfigure({ issuer, client });
  return {
    async begin(redirectUri, { state, nonce, verifier }, again) {
      return oidc.buildAuthorizationUrl(await configure(), {
        redirect_uri: redirectUri,
        scope: client.scopes,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...(again ? { prompt: 'login', max_age: '0' } : { max_age: String(maxAgeSeconds) }),
      });
    },
    async complete(answer, { state, nonce, verifier }, wanted) {
      const configuration = await configure();
      const tokens = await oidc.authorizationCodeGrant(configuration, answer, {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      });
      const claims = claimsSchema.parse(tokens.claims());
      const { userinfo_endpoint: hasMore } = configuration.serverMetadata();
      if (!hasMore || wanted.every((claim) => claim in claims)) return claims;
      return { ...(await oidc.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
    },
  };
}

/** Returns what reads the discovery document of an issuer, at most once an hour. Of an issuer that is down, the last one counts. */
function createConfigure({ issuer, client }: Pick<Client, 'issuer' | 'client'>) {
  let secret = '';
  let known: { configuration: Promise<oidc.Configuration>; until: number } | undefined;

  async function discover() {
    const configuration = await oidc.discovery(
      new URL(issuer),
      client.id,
      {},
      client.readSecret && authenticateBy(() => secret),
      { timeout: timeoutSeconds, execute: isLoopback(issuer) ? [oidc.allowInsecureRequests] : [] },
    );
    const { issuer: named } = configuration.serverMetadata();
    if (named !== issuer)
      throw new Error(`The issuer calls itself ${named}, and is configured as ${issuer}.`);
    return configuration;
  }

  return async () => {
    // It may be rotated while the process runs.
    if (client.readSecret) secret = await client.readSecret();
    if (known && Date.now() < known.until) return known.configuration;
    const before = known;
    const configuration = discover();
    known = { configuration, until: Date.now() + freshMilliseconds };
    try {
      return await configuration;
    } catch (cause) {
      known = before;
      if (before) return before.configuration;
      throw new AppError('unavailable', 'The issuer could not be reached. Retry in a few seconds.', {
        cause,
      });
    }
  };
}

/** By the method that the issuer prefers. */
function authenticateBy(secret: () => string): oidc.ClientAuth {
  return (server, client, body, headers) => {
    const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
    const isBasic = methods.includes('client_secret_basic');
    const method = isBasic ? oidc.ClientSecretBasic : oidc.ClientSecretPost;
    method(secret())(server, client, body, headers);
  };
}

/** Only there, an issuer may be reached without TLS. */
const isLoopback = (url: string) => /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)[:/]/.test(`${url}/`);
