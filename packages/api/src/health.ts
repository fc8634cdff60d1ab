import { type Dependencies, checkAll } from '@portfolio/core/runtime/health';
import type { FastifyInstance } from 'fastify';
import { retryAfterSeconds } from './rest/problems.ts';

/**
 * Registers `/healthz` (the process is alive) and `/readyz` (it should get requests). All processes share `dependencies`,
 * so a failed one only makes this process "degraded". A failed dependency of its `own`, an outdated database schema,
 * saturation or an imminent stop make it "not ready".
 */
export function registerHealth(
  app: FastifyInstance,
  {
    dependencies,
    own,
    isSaturated,
    stopping,
  }: { dependencies: Dependencies; own: Dependencies; isSaturated: () => boolean; stopping: AbortSignal },
) {
  app.get('/healthz', () => ({ status: 'ok' }));

  app.get('/readyz', async (request, reply) => {
    const states = await checkAll({ ...dependencies, ...own }, request.log);
    const failed = Object.keys(states).filter((name) => states[name] !== 'ok');
    const load = stopping.aborted ? 'stopping' : isSaturated() ? 'saturated' : 'ok';
    const isReady = load === 'ok' && !failed.some((name) => name in own || states[name] === 'behind');
    const status = !isReady ? 'not ready' : failed.length > 0 ? 'degraded' : 'ready';
    return reply
      .code(isReady ? 200 : 503)
      .headers(isReady ? {} : { 'retry-after': retryAfterSeconds })
      .send({ status, load, dependencies: states });
  });
}
