import type { FastifyInstance } from 'fastify';
import { retryAfterSeconds } from './rest/problems.ts';

/** What the API asks; each rejects when that is away. */
export type Dependencies = Record<string, (signal: AbortSignal) => Promise<unknown>>;

const checkMilliseconds = 2000;

/**
 * `/healthz`: the process answers. `/readyz`: whether requests should come to this process, and the state of what it
 * depends on. All processes share `dependencies`, so that another would do no better without one: it is "degraded", and
 * goes on with all that needs it not. What only this process lacks, `own`, or its being saturated, makes it "not ready".
 */
export function registerHealth(
  app: FastifyInstance,
  {
    dependencies,
    own,
    isSaturated,
  }: { dependencies: Dependencies; own: Dependencies; isSaturated: () => boolean },
) {
  app.get('/healthz', { schema: { hide: true } }, () => ({ status: 'ok' }));

  app.get('/readyz', { schema: { hide: true } }, async (request, reply) => {
    const checks = await Promise.all(
      Object.entries({ ...dependencies, ...own }).map(async ([name, check]) => {
        const error = await within(check, checkMilliseconds);
        if (error) request.log.warn({ err: error, dependency: name }, 'dependency is away');
        return [name, error ? 'away' : 'ok'] as const;
      }),
    );
    const away = checks.filter(([, state]) => state === 'away').map(([name]) => name);
    const load = isSaturated() ? 'saturated' : 'ok';
    const isReady = load === 'ok' && !away.some((name) => name in own);
    const status = !isReady ? 'not ready' : away.length > 0 ? 'degraded' : 'ready';
    return reply
      .code(isReady ? 200 : 503)
      .headers(isReady ? {} : { 'retry-after': retryAfterSeconds })
      .send({ status, load, dependencies: Object.fromEntries(checks) });
  });
}

/** The error of a check, or of its taking too long; null if all is well. */
async function within(check: Dependencies[string], milliseconds: number): Promise<unknown> {
  const signal = AbortSignal.timeout(milliseconds);
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)),
  );
  return Promise.race([check(signal), late]).then(
    () => null,
    (error: unknown) => error ?? new Error('The check failed.'),
  );
}
