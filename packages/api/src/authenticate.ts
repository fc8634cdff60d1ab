import { type Actor, anonymous, scopeSchema } from '@portfolio/core/actor';
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
  errors,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose';
import { z } from 'zod';
import { isSession, secretOf } from './credential.ts';

/**
 * Turns what a request presents (`credentialOf`) into an actor; throws `unauthenticated` where it is invalid. The address
 * of the client is noted as the last that used a key or a session; without it, as when a stream is checked again, no use is
 * noted.
 */
export type Authenticate = (credential: string | undefined, address?: string) => Promise<Actor>;

export type JwtSettings = { issuer: string; audience: string; jwksUrl: string };

/** Asymmetric algorithms only: with a symmetric one, the public key would be a secret to sign with (RFC 8725, 3.1). */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];

export function createAuthenticate(db: Db, jwt: JwtSettings | null): Authenticate {
  const actorOf = jwt && createActorOf(db, jwt);
  return async (credential, address) => {
    if (credential === undefined || credential === '') return anonymous;
    if (isSession(credential)) return authenticateSession(db, secretOf(credential), address);
    const bearer = /^Bearer +(\S+)$/i.exec(credential)?.[1];
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
const claimsSchema = z.object({
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
 * Authenticates tokens of the configured issuer. `sub` is the subject, `scope` a list of scopes separated by spaces
 * (RFC 8693). Unknown scopes are ignored.
 */
function createActorOf(db: Db, { issuer, audience, jwksUrl }: JwtSettings) {
  const keys = createKeys(jwksUrl);
  return async (token: string): Promise<Actor> => {
    const {
      sub: subject,
      exp,
      iat,
      jti,
      scope,
      auth_time,
    } = await verify(token, keys, { algorithms, issuer, audience });
    const tokenIssuedAt = new Date(iat * 1000);
    const id = await identifyPerson(db, { issuer, subject, isDefault: true }, tokenIssuedAt);
    const signedInAt = auth_time === undefined ? undefined : new Date(auth_time * 1000);
    const granted = scope.split(' ');
    return {
      kind: 'user',
      id,
      scopes: scopeSchema.options.filter((known) => granted.includes(known)),
      expiresAt: new Date(exp * 1000),
      credential: { kind: 'token', id: jti ?? null, tokenIssuedAt, signedInAt },
    };
  };
}

/**
 * The issuer's keys, fetched again for an unknown key id. Throws `unavailable` where they cannot be fetched. After a failure
 * one request at a time waits for the issuer: otherwise those with made-up tokens would saturate the process meanwhile.
 */
function createKeys(jwksUrl: string): JWTVerifyGetKey {
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
