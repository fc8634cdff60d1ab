import type { FastifyInstance } from 'fastify';

/** Something that the API cannot work without; `check` rejects when it is away. */
export type Dependencies = Record<string, (signal: AbortSignal) => Promise<unknown>>;

const checkMilliseconds = 2000;

/** `/healthz`: the process answers. `/readyz`: so does everything that it depends on; 503 names what does not. */
export function registerHealth(app: FastifyInstance, dependencies: Dependencies) {
  app.get('/healthz', { schema: { hide: true } }, () => ({ status: 'ok' }));

  app.get('/readyz', { schema: { hide: true } }, async (request, reply) => {
    const checks = await Promise.all(
      Object.entries(dependencies).map(async ([name, check]) => {
        const error = await within(check, checkMilliseconds);
        if (error) request.log.warn({ err: error, dependency: name }, 'dependency is away');
        return [name, error ? 'away' : 'ok'] as const;
      }),
    );
    const ready = checks.every(([, state]) => state === 'ok');
    const body = { status: ready ? 'ready' : 'not ready', dependencies: Object.fromEntries(checks) };
    return reply.code(ready ? 200 : 503).send(body);
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
