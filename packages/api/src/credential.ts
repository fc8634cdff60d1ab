import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** The prefix demands Secure, Path=/ and no Domain: neither a subdomain nor plain http can set or replace the cookie. */
const sessionCookie = '__Host-session';
/** Precedes the secret of a session where the value of an Authorization header is expected. No client can guess it. */
const sessionScheme = `Session.${randomUUID()} `;

/**
 * What a request presents: the value of its Authorization header, or what stands for its session, which counts only
 * without that header; undefined for an anonymous reader.
 */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  if (headers.authorization) return headers.authorization;
  const secret = sessionSecretOf(headers);
  return secret === undefined ? undefined : sessionScheme + secret;
}

/** True for what `credentialOf` returns for a session. */
export const isSession = (credential: string | undefined): credential is string =>
  credential?.startsWith(sessionScheme) ?? false;

/** The key or token in the value of an Authorization header; undefined where that has another form. */
export const bearerOf = (credential: string) => /^Bearer +(\S+)$/i.exec(credential)?.[1];

/** The secret of the session in what `credentialOf` returned. */
export const secretOf = (credential: string) => credential.slice(sessionScheme.length);

/** The secret in the session cookie of a request; undefined without one. */
export const sessionSecretOf = (headers: IncomingHttpHeaders) => readCookie(headers, sessionCookie);

/** The value of a cookie; undefined where it is missing or empty. */
export function readCookie({ cookie }: IncomingHttpHeaders, name: string): string | undefined {
  if (cookie === undefined) return undefined;
  const pair = cookie.split('; ').find((each) => each.startsWith(`${name}=`));
  return pair?.slice(name.length + 1) || undefined;
}

/** The value of Set-Cookie for a cookie that only this server reads. An age of 0 removes it. */
export const cookie = (name: string, value: string, maxAgeSeconds: number) =>
  `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; Secure; HttpOnly; SameSite=Lax`;

export const storeSession = (secret: string, maxAgeSeconds: number) =>
  cookie(sessionCookie, secret, maxAgeSeconds);

export const forgetSession = cookie(sessionCookie, '', 0);
