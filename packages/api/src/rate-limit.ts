import type { Actor } from '@portfolio/core/actor';
import { AppError } from '@portfolio/core/errors';
import { type RateCounter, windowSeconds } from '@portfolio/core/runtime/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestActors } from './authenticate.ts';
import { networkOf } from './client-address.ts';

export type RateLimits = { counter: RateCounter; perMinute: number; anonymousPerMinute: number };

/** The credential or network that calls count against, the policy, and the number of operations per window. */
type Principal = { name: string; policy: 'credential' | 'address'; limit: number };

/**
 * Limits the operations per principal over REST and tRPC, before the body is read, and reports the limit in
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10). A batch costs as much as its calls.
 */
export function limitRates(app: FastifyInstance, limits: RateLimits, { actorOf }: RequestActors) {
  app.addHook('onRequest', async (request, reply) => {
    const cost = costOf(request);
    if (cost === 0) return;
    const principal = await principalOf(actorOf(request), request.ip, limits);
    if (!principal) return;
    const { policy, limit } = principal;
    const { allowed, remaining, resetSeconds } = limits.counter.take(principal.name, cost, limit);
    void reply.headers({
      'ratelimit-policy': `"${policy}";q=${limit};w=${windowSeconds}`,
      ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
    });
    if (allowed) return;
    void reply.header('retry-after', String(resetSeconds));
    throw tooMany(principal, resetSeconds);
  });
}

/** The same for a call over a WebSocket: throws `too_many_requests` beyond the limit. */
export async function limitCall(limits: RateLimits, actor: Promise<Actor>, address: string) {
  const principal = await principalOf(actor, address, limits);
  if (!principal) return;
  const { allowed, resetSeconds } = limits.counter.take(principal.name, 1, principal.limit);
  if (!allowed) throw tooMany(principal, resetSeconds);
}

/** The number of operations in a request; 0 where it is neither REST nor tRPC. */
function costOf({ routeOptions, params }: FastifyRequest): number {
  const { url = '' } = routeOptions;
  if (url.startsWith('/api/v1/')) return 1;
  if (!url.startsWith('/trpc/')) return 0;
  return (params as { path: string }).path.split(',').length;
}

/**
 * The owner of a valid credential, otherwise the client's network. Null where the credential cannot be checked: the
 * request then fails for that reason.
 */
async function principalOf(
  actor: Promise<Actor>,
  address: string,
  { perMinute, anonymousPerMinute }: RateLimits,
): Promise<Principal | null> {
  try {
    const known = await actor;
    if (known.kind !== 'anonymous') {
      return { name: `${known.kind} ${known.subject}`, policy: 'credential', limit: perMinute };
    }
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'unauthenticated')) return null;
  }
  return { name: `address ${networkOf(address)}`, policy: 'address', limit: anonymousPerMinute };
}

function tooMany({ policy, limit }: Principal, resetSeconds: number) {
  const subject = policy === 'address' ? 'address without a credential' : 'credential';
  return new AppError(
    'too_many_requests',
    `Rate limit exceeded (${limit} operations per minute per ${subject}). Retry in ${resetSeconds} s.`,
  );
}
