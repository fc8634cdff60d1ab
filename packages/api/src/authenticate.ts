import { type Actor, anonymous, scopeSchema, withOperatorScopes } from '@portfolio/core/actor';
import { authenticateApiKey } from '@portfolio/core/api-key/authenticate';
import { looksLikeApiKey } from '@portfolio/core/api-key/issue';
import type { Db } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { identifyPerson } from '@portfolio/core/person/identify';
import { authenticateSession } from '@portfolio/core/session/authenticate';
import { text } from '@portfolio/core/text';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { z } from 'zod';
import { bearerOf, isSession, secretOf } from './credential.ts';
import { discoverKeys } from './sign-in/discover-keys.ts';
import { type Issuer, type Trust, aboutGroups } from './sign-in/issuer.ts';

/**
 * Turns what a request presents (`credentialOf`) into an actor; throws `unauthenticated` where it is invalid. The address
 * of the client is noted as the last that used a key or a session; without it, as when a stream is checked again, no use is
 * noted.
 */
export type Authenticate = (credential: string | undefined, address?: string) => Promise<Actor>;

const coolDownMilliseconds = 30_000;

/** Asymmetric algorithms only: with a symmetric one, the public key would be a secret to sign with (RFC 8725, 3.1). */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];

/** `trust` says whose tokens are accepted; without it, nobody's are. */
export function createAuthenticate(db: Db, trust?: Trust): Authenticate {
  const actorOf = trust && trust.issuers.length > 0 ? createActorOf(db, trust) : undefined;
  return async (credential, address) => {
    if (credential === undefined || credential === '') return anonymous;
    if (isSession(credential)) return authenticateSession(db, secretOf(credential), address);
    const bearer = bearerOf(credential);
    if (!bearer) {
      throw new AppError(
        'unauthenticated',
        'Invalid Authorization header: expected "Bearer" followed by an API key or a token.',
      );
    }
    if (looksLikeApiKey(bearer)) return authenticateApiKey(db, bearer, address);
    if (!actorOf)
      throw new AppError(
        'unauthenticated',
        'Expected an API key (pk_…): this installation does not accept tokens.',
      );
    return actorOf(bearer);
  };
}

/** Up to the end of the year 9999, which Postgres and JSON can represent. */
const secondsSchema = z.number().min(0).max(253_402_300_799);

/** The claims that a token must have, apart from those that `jwtVerify` checks. */
const claimsSchema = z.looseObject({
  sub: text(255).min(1, 'Expected at least one character.'),
  exp: z.number(),
  scope: z.string().default(''),
  jti: text(255).optional(),
  // One that does not say when it was issued ends with every revocation.
  iat: secondsSchema.default(0),
  auth_time: secondsSchema.optional(),
});

/** Access tokens (RFC 9068), and JWTs that do not say of which type they are. Others mean something else. */
const acceptedTypes = /^(application\/)?(jwt|at\+jwt)$/i;

/**
 * Authenticates tokens of the configured issuers, each by its own keys. `sub` is the subject, `scope` a list of scopes
 * separated by spaces (RFC 8693). Unknown scopes are ignored; those of operators come by a group alone.
 */
function createActorOf(db: Db, { issuers, groups }: Trust) {
  const known = new Map(issuers.map((each) => [each.issuer, { ...each, keys: createKeys(each) }]));
  return async (token: string): Promise<Actor> => {
    const named = known.get(issuerOf(token) ?? '');
    if (!named)
      throw new AppError('unauthenticated', 'Invalid token: its claim "iss" names no known issuer.');
    const { issuer, audience, isDefault, keys } = named;
    const claims = await verify(token, keys, { algorithms, issuer, audience });
    const { sub: subject, exp, iat, jti, auth_time } = claims;
    const tokenIssuedAt = new Date(iat * 1000);
    const id = await identifyPerson(db, { issuer, subject, isDefault }, tokenIssuedAt);
    const said = aboutGroups(named, claims);
    await groups.token(id, said, tokenIssuedAt);
    const signedInAt = auth_time === undefined ? undefined : new Date(auth_time * 1000);
    const granted = claims.scope.split(' ');
    return {
      kind: 'user',
      id,
      scopes: withOperatorScopes(
        scopeSchema.options.filter((scope) => granted.includes(scope)),
        groups.isOperator(said),
      ),
      expiresAt: new Date(exp * 1000),
      credential: { kind: 'token', id: jti ?? null, tokenIssuedAt, signedInAt },
    };
  };
}

/** The issuer that a token names, which is not verified yet; undefined for what is no token. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    throw new AppError('unauthenticated', 'Invalid token: its signature could not be verified.');
  }
}

/**
 * The issuer's keys at an address, fetched again for an unknown key id. Throws `unavailable` where they cannot be fetched.
 * After a failure one request at a time waits for the issuer: otherwise those with made-up tokens would saturate the process
 * meanwhile.
 */
function createKeysAt(jwksUrl: string): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 3000 });
  let isFailing = false;

  /** A key that was fetched already. Others may be new. */
  async function readFetched(...[header, token]: Parameters<JWTVerifyGetKey>) {
    try {
      if (keys.fresh) return await createLocalJWKSet(keys.jwks()!)(header, token);
    } catch (cause) {
      if (!(cause instanceof errors.JWKSNoMatchingKey)) throw cause;
    }
    throw issuerUnavailable();
  }

  return async (header, token) => {
    if (isFailing && keys.reloading) return readFetched(header, token);
    try {
      return await keys(header, token);
    } catch (cause) {
      const isFaultOfToken =
        cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
      if (isFaultOfToken) throw cause;
      isFailing = true;
      throw issuerUnavailable(cause);
    } finally {
      if (keys.coolingDown) isFailing = false;
    }
  };
}

/** The keys of an issuer. Their address is looked up at the first token; after a failure not again for half a minute. */
function createKeys({ issuer, jwksUrl }: Issuer): JWTVerifyGetKey {
  if (jwksUrl !== undefined) return createKeysAt(jwksUrl);
  let found: Promise<JWTVerifyGetKey> | undefined;
  let failedAt = -Infinity;

  async function find() {
    try {
      return createKeysAt(await discoverKeys(issuer));
    } catch (cause) {
      found = undefined;
      failedAt = Date.now();
      throw issuerUnavailable(cause);
    }
  }

  return async (header, token) => {
    if (!found && Date.now() < failedAt + coolDownMilliseconds) throw issuerUnavailable();
    found ??= find();
    return (await found)(header, token);
  };
}

const issuerUnavailable = (cause?: unknown) =>
  new AppError(
    'unavailable',
    'The keys of the token issuer could not be fetched. Retry in a few seconds.',
    cause === undefined ? {} : { cause },
  );

async function verify(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions) {
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, options);
    const { typ = 'JWT' } = protectedHeader;
    if (typeof typ !== 'string' || !acceptedTypes.test(typ)) {
      throw new AppError('unauthenticated', 'Invalid token: its type is neither "JWT" nor "at+jwt".');
    }
    return claimsSchema.parse(payload);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError('unauthenticated', `Invalid token: ${reason(cause)}.`, { cause });
  }
}

function reason(cause: unknown): string {
  if (cause instanceof errors.JWTExpired) return 'it has expired';
  if (cause instanceof errors.JWTClaimValidationFailed)
    return `its claim "${cause.claim}" does not have the expected value`;
  if (cause instanceof z.ZodError)
    return `its claim "${cause.issues[0]?.path.join('.')}" does not have the expected value`;
  return 'its signature could not be verified';
}
