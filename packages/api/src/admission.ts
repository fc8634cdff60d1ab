import { type Actor, anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { parseInput } from '@portfolio/core/input';
import { type AnyOperation, requireScopes, smallInputBytes } from '@portfolio/core/operation';
import { tenantBySlug } from '@portfolio/core/tenancy';
import { slugSchema } from '@portfolio/core/text';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Authenticator, LimitExceeded, type Taken, headersOf } from './authenticator.ts';
import { credentialOf, forgetSession, isSession } from './credential.ts';
import { mayForge, refuseOrigin } from './own-origin.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller. Requests that are no operation are anonymous. */
    actor: Actor;
    /** What identified the caller; undefined for anonymous readers. */
    credential: string | undefined;
    /** When it was identified, by the clock of the process. */
    identifiedAt: number;
  }
  interface FastifyContextConfig {
    /** The operation of a REST route. */
    operation?: AnyOperation;
  }
}

/** After this time, a caller whose body has arrived is identified again: its credential may have ended meanwhile. */
const identifiedMilliseconds = 250;

/**
 * Identifies the callers of operations over REST and tRPC and counts against their limits, before the body is read. A
 * batch costs as much as its calls. A session is refused, and not looked up, for changes by pages of other origins.
 */
export function identifyCallers(
  app: FastifyInstance,
  authenticator: Authenticator,
  publicOrigin: string | undefined,
) {
  app.decorateRequest('actor');
  app.decorateRequest('credential');
  app.decorateRequest('identifiedAt', 0);
  app.addHook('onRequest', (request, reply, done) => {
    request.actor = anonymous;
    const cost = costOf(request);
    if (cost === 0) return done();
    const credential = credentialOf(request.headers);
    // Most requests: without a promise.
    if (credential === undefined)
      return attempt(reply, done, () => report(reply, authenticator.admitAnonymous(request.ip, cost)));
    // Unlike Authorization (RFC 9111, 3.5), a cookie does not keep shared caches from storing the answer.
    void reply.header('cache-control', 'private, no-store');
    if (mayForge(request, publicOrigin)) return done(refuseOrigin());
    request.credential = credential;
    return identify(request, reply, authenticator.admit(credential, request.ip, cost));
  });
  app.addHook('preHandler', (request, reply, done) => {
    if (request.actor.kind === 'anonymous') return done();
    if (performance.now() - request.identifiedAt < identifiedMilliseconds) return done();
    return identify(request, reply, authenticator.admit(request.credential, request.ip, 0));
  });
}

/** Counts each request of a scope, which needs no credential, against the limit of its address. */
export function limitByAddress(scope: FastifyInstance, authenticator: Authenticator) {
  scope.addHook('onRequest', (request, reply, done) => {
    attempt(reply, done, () => report(reply, authenticator.admitAnonymous(request.ip, 1)));
  });
}

async function identify(
  request: FastifyRequest,
  reply: FastifyReply,
  admitted: ReturnType<Authenticator['admit']>,
) {
  try {
    const { actor, taken } = await admitted;
    request.actor = actor;
    request.identifiedAt = performance.now();
    report(reply, taken);
  } catch (error) {
    if (isSession(request.credential) && error instanceof AppError && error.code === 'unauthenticated')
      void reply.header('set-cookie', forgetSession);
    throw reported(reply, error);
  }
}

/** Refuses who may not call the operation of a REST route, before the body is read. */
export function refuseEarly(app: FastifyInstance, { db }: Pick<Services, 'db'>) {
  app.addHook('onRequest', (request, reply, done) => {
    const { operation } = request.routeOptions.config;
    if (!operation || operation.public) return done();
    if (!isLarge(operation)) return attempt(reply, done, () => requireScopes(request.actor, operation));
    return requireMayWrite(request, operation, db);
  });
}

const isLarge = ({ maxInputBytes = smallInputBytes }: AnyOperation) => maxInputBytes > smallInputBytes;

const portfolioSchema = z.object({ portfolio: slugSchema });

/** Also of its portfolio, which is in the path, so that the large body of a non-member is not read either. */
async function requireMayWrite(
  { actor, params }: FastifyRequest,
  operation: AnyOperation,
  db: Services['db'],
) {
  requireScopes(actor, operation);
  await tenantBySlug({ db, actor }, parseInput(portfolioSchema, params), operation);
}

/** The number of operations in a request; 0 where it is neither REST nor tRPC. */
function costOf({ routeOptions, params }: FastifyRequest): number {
  const { url = '' } = routeOptions;
  if (url.startsWith('/api/v1/')) return 1;
  if (!url.startsWith('/trpc/')) return 0;
  return (params as { path: string }).path.split(',').length;
}

function attempt(reply: FastifyReply, done: (error?: Error) => void, step: () => void) {
  try {
    step();
  } catch (error) {
    return done(reported(reply, error));
  }
  done();
}

function report(reply: FastifyReply, taken: Taken | undefined) {
  if (taken) void reply.headers(headersOf(taken));
}

function reported(reply: FastifyReply, error: unknown): Error {
  if (error instanceof LimitExceeded) {
    void reply.headers({ ...headersOf(error.taken), 'retry-after': String(error.taken.resetSeconds) });
  }
  return error as Error;
}
