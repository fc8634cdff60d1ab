import { type Dependencies, checkAll } from '@portfolio/core/runtime/health';
import type { FastifyInstance } from 'fastify';
import { retryAfterSeconds } from './rest/problems.ts';

/**
 * `/healthz`: the process answers. `/readyz`: whether requests should come to this process, and the state of what it
 * depends on. All processes share `dependencies`, so that another would do no better without one: it is "degraded", and
 * goes on with all that needs it not. What only this process lacks, `own`, a schema that is too old for it, its being
 * saturated or about to stop, makes it "not ready".
 */
export function registerHealth(
  app: FastifyInstance,
  {
    dependencies,
    own,
    isSaturated,
    leaving,
  }: { dependencies: Dependencies; own: Dependencies; isSaturated: () => boolean; leaving: AbortSignal },
) {
  app.get('/healthz', () => ({ status: 'ok' }));

  app.get('/readyz', async (request, reply) => {
    const states = await checkAll({ ...dependencies, ...own }, request.log);
    const lacking = Object.keys(states).filter((name) => states[name] !== 'ok');
    const load = leaving.aborted ? 'stopping' : isSaturated() ? 'saturated' : 'ok';
    const isReady = load === 'ok' && !lacking.some((name) => name in own || states[name] === 'behind');
    const status = !isReady ? 'not ready' : lacking.length > 0 ? 'degraded' : 'ready';
    return reply
      .code(isReady ? 200 : 503)
      .headers(isReady ? {} : { 'retry-after': retryAfterSeconds })
      .send({ status, load, dependencies: states });
  });
}
