import { type Actor, anonymous, scopeSchema } from '@portfolio/core/actor';
import { authenticateApiKey } from '@portfolio/core/api-key/authenticate';
import { looksLikeApiKey } from '@portfolio/core/api-key/issue';
import type { Db } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

/** Turns the value of an Authorization header into an actor; throws `unauthenticated` if it is not good. */
export type Authenticate = (authorization: string | undefined) => Promise<Actor>;

export type JwtSettings = { issuer: string; audience: string; jwksUrl: string };

/** Asymmetric algorithms only: with a symmetric one, the public key would be a secret to sign with (RFC 8725, 3.1). */
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];

export function createAuthenticate(db: Db, jwt: JwtSettings | null): Authenticate {
  const verify = jwt && createVerify(jwt);
  return async (authorization) => {
    if (authorization === undefined || authorization === '') return anonymous;
    const credential = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    if (!credential) {
      throw new AppError('unauthenticated', 'Expected "Authorization: Bearer" and an API key or a token.');
    }
    if (looksLikeApiKey(credential)) return authenticateApiKey(db, credential);
    if (!verify)
      throw new AppError('unauthenticated', 'Expected an API key (pk_…): tokens are not accepted here.');
    return verify(credential);
  };
}

/**
 * Tokens of the configured issuer: `sub` is the subject, `scope` a list of scopes parted by spaces (RFC 8693).
 * Scopes that mean nothing here are passed over.
 */
function createVerify({ issuer, audience, jwksUrl }: JwtSettings) {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 3000 });
  return async (token: string): Promise<Actor> => {
    try {
      const required = ['sub', 'exp'];
      const { payload } = await jwtVerify(token, keys, {
        algorithms,
        issuer,
        audience,
        requiredClaims: required,
      });
      const granted = typeof payload.scope === 'string' ? payload.scope.split(' ') : [];
      return {
        kind: 'user',
        subject: payload.sub!,
        scopes: scopeSchema.options.filter((scope) => granted.includes(scope)),
        expiresAt: new Date(payload.exp! * 1000),
      };
    } catch (cause) {
      if (cause instanceof errors.JWKSTimeout) {
        throw new AppError('unavailable', 'The keys of the token issuer could not be read.', { cause });
      }
      throw new AppError('unauthenticated', `The token is not good: ${reason(cause)}.`, { cause });
    }
  };
}

function reason(cause: unknown): string {
  if (cause instanceof errors.JWTExpired) return 'it has expired';
  if (cause instanceof errors.JWTClaimValidationFailed)
    return `its claim "${cause.claim}" is not what is expected`;
  return 'its signature could not be verified';
}
