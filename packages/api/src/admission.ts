import { type Actor, anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { parseInput } from '@portfolio/core/input';
import { type AnyOperation, requireScopes, smallInputBytes } from '@portfolio/core/operation';
import { tenantBySlug } from '@portfolio/core/tenancy';
import { slugSchema } from '@portfolio/core/text';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Authenticator, LimitExceeded, type Taken, headersOf } from './authenticator.ts';
import { hasBody } from './rest/bodies.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller. Requests that are no operation are anonymous. */
    actor: Actor;
    /** True where the body was not there yet when the caller was identified. */
    isReceiving: boolean;
  }
  interface FastifyContextConfig {
    /** The operation of a REST route. */
    operation?: AnyOperation;
  }
}

/**
 * Identifies the callers of operations over REST and tRPC and counts against their limits, before the body is read. A
 * batch costs as much as its calls.
 */
export function identifyCallers(app: FastifyInstance, authenticator: Authenticator) {
  app.decorateRequest('actor');
  app.decorateRequest('isReceiving', false);
  app.addHook('onRequest', (request, reply, done) => {
    request.actor = anonymous;
    const cost = costOf(request);
    if (cost === 0) return done();
    const { authorization } = request.headers;
    // Most requests: without a promise.
    if (!authorization)
      return attempt(reply, done, () => report(reply, authenticator.admitAnonymous(request.ip, cost)));
    return identify(request, reply, authenticator.admit(authorization, request.ip, cost));
  });
  // A body may take a minute to arrive, in which its credential may end.
  app.addHook('preValidation', (request, _reply, done) => {
    if (!request.isReceiving) return done();
    return confirm(request, authenticator);
  });
}

async function confirm(request: FastifyRequest, authenticator: Authenticator) {
  const { authorization = '' } = request.headers;
  request.actor = await authenticator.confirm(authorization);
}

async function identify(
  request: FastifyRequest,
  reply: FastifyReply,
  admitted: ReturnType<Authenticator['admit']>,
) {
  try {
    const { actor, taken } = await admitted;
    request.actor = actor;
    request.isReceiving = !request.raw.complete && hasBody(request.headers);
    report(reply, taken);
  } catch (error) {
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
