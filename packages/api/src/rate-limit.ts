import type { Actor } from '@portfolio/core/actor';
import { AppError } from '@portfolio/core/errors';
import { type RateCounter, windowSeconds } from '@portfolio/core/runtime/rate-limit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestActors } from './authenticate.ts';
import { networkOf } from './client-address.ts';

export type RateLimits = { counter: RateCounter; perMinute: number; anonymousPerMinute: number };

/** Whom calls count against, under which policy, and how many it grants in a window. */
type Principal = { name: string; policy: 'credential' | 'address'; limit: number };

/**
 * Limits how many operations a principal has done by REST and tRPC over HTTP, before its body is read, and says so in
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10). A batch costs what it holds.
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

/** As `limitRates`, for a call over a WebSocket: throws `too_many_requests` where it is one too many. */
export async function limitCall(limits: RateLimits, actor: Promise<Actor>, address: string) {
  const principal = await principalOf(actor, address, limits);
  if (!principal) return;
  const { allowed, resetSeconds } = limits.counter.take(principal.name, 1, principal.limit);
  if (!allowed) throw tooMany(principal, resetSeconds);
}

/** How many operations a request asks for; 0 for what is neither REST nor tRPC. */
function costOf({ routeOptions, params }: FastifyRequest): number {
  const { url = '' } = routeOptions;
  if (url.startsWith('/api/v1/')) return 1;
  if (!url.startsWith('/trpc/')) return 0;
  return (params as { path: string }).path.split(',').length;
}

/**
 * The holder of a good credential; the address of who has none or a bad one. Null where nobody can say which it is:
 * the request fails for that reason.
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
  const whose = policy === 'address' ? 'an address without a credential' : 'a credential';
  return new AppError(
    'too_many_requests',
    `Only ${limit} operations a minute are done for ${whose}; go on in ${resetSeconds} s.`,
  );
}
