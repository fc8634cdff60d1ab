import { AppError } from '@portfolio/core/errors';
import { access } from '@portfolio/core/telemetry/contract';
import type { IncomingHttpHeaders } from 'node:http';
import { credentialOf, isSession } from './credential.ts';

type Request = { method?: string; headers: IncomingHttpHeaders };

/** True for the public origin of the API. Without a configured one, a page may call the host that served it. */
export function isOwnOrigin(
  { headers: { origin, host } }: Request,
  publicOrigin: string | undefined,
): boolean {
  if (origin === undefined || !URL.canParse(origin)) return false;
  if (publicOrigin !== undefined) return origin === new URL(publicOrigin).origin;
  return new URL(origin).host === host;
}

/**
 * True for a change that a page of another origin may have requested with the cookie of a session: browsers add the cookie
 * to the requests of some of them, and to all changes the origin.
 */
export const mayForge = (request: Request, publicOrigin: string | undefined) =>
  request.method !== 'GET' &&
  request.method !== 'HEAD' &&
  isSession(credentialOf(request.headers)) &&
  !isOwnOrigin(request, publicOrigin);

/** A page of another origin may have sent a session, which was not looked up. */
export class ForeignOrigin extends AppError {
  constructor() {
    super(
      'forbidden',
      'A session is accepted only from pages of this origin. Programs use an API key or a token.',
    );
  }
}

/** The refusal of a page of another origin, which is counted. */
export function refuseOrigin(): ForeignOrigin {
  access.failures.add(1, { reason: 'origin' });
  return new ForeignOrigin();
}
