import { AppError } from '@portfolio/core/errors';
import { toOutage } from '@portfolio/core/runtime/outage';
import { AuthorizationResponseError, ClientError, ResponseBodyError } from 'openid-client';

/** Why a sign-in failed, as the page is told. */
export type Problem = 'denied' | 'expired' | 'refused' | 'unavailable';

export function problemOf(error: unknown): Problem {
  if (error instanceof AuthorizationResponseError) return fromIssuer(error.error);
  if (error instanceof ResponseBodyError) return error.status >= 500 ? 'unavailable' : 'refused';
  if (error instanceof ClientError) return isOutage(error) ? 'unavailable' : 'refused';
  if (error instanceof AppError) return error.code === 'unavailable' ? 'unavailable' : 'refused';
  // `fetch` throws a TypeError where a server cannot be reached.
  return toOutage(error) || isNetworkError(error) ? 'unavailable' : 'refused';
}

/** An error for the log: of what an issuer has sent, which may say who somebody is, only the code. */
export function withoutAnswer(error: unknown): unknown {
  if (!(error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)) return error;
  const { name, message, code, error: sent } = error;
  return Object.assign(new Error(message), { name, code, error: /^[a-z_]{1,50}$/.exec(sent)?.[0] });
}

function fromIssuer(error: string): Problem {
  if (error === 'access_denied') return 'denied';
  return error === 'server_error' || error === 'temporarily_unavailable' ? 'unavailable' : 'refused';
}

const isOutage = ({ code, cause }: ClientError) =>
  code === 'OAUTH_TIMEOUT' || (cause instanceof Response && cause.status >= 500);

const isNetworkError = (error: unknown) => error instanceof TypeError && error.message === 'fetch failed';
