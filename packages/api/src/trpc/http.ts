import type { Services } from '@portfolio/core/context';
import { getTRPCErrorShape } from '@trpc/server';
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Authenticate } from '../authenticate.ts';
import { readIdempotencyKey } from '../rest/conditions.ts';
import { toAppError } from '../rest/problems.ts';
import { toTrpcError } from './procedures.ts';
import { type AppRouter, appRouter } from './router.ts';

/** The typed client keeps its batches below this; each call in a batch costs as much as one alone. */
const maxBatchSize = 100;

/** tRPC over HTTP at `/trpc`. `closing` aborts when the server stops. */
export async function registerTrpc(
  app: FastifyInstance,
  {
    services,
    authenticate,
    closing,
  }: { services: Services; authenticate: Authenticate; closing: AbortSignal },
) {
  await app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => {
      const shape = shapeOf(error, request.log);
      return reply.code(shape.data.httpStatus).send({ error: shape });
    });
    await scope.register(fastifyTRPCPlugin, {
      prefix: '/trpc',
      trpcOptions: {
        router: appRouter,
        maxBatchSize,
        createContext: ({ req }) => ({
          services,
          actor: () => authenticate(req.headers.authorization),
          idempotencyKey: readIdempotencyKey(req.headers),
          closing,
          logError: (error) => req.log.error({ err: error }, 'procedure failed'),
        }),
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>);
  });
}

/** What Fastify refuses before tRPC sees it, in the form that typed clients read. */
function shapeOf(cause: unknown, log: FastifyBaseLogger) {
  const logError = (error: unknown) => log.error({ err: error }, 'request failed');
  const error = toTrpcError(toAppError(cause) ?? cause, { logError });
  const { _def: definition } = appRouter;
  const { _config: config } = definition;
  return getTRPCErrorShape({
    config,
    error,
    type: 'unknown',
    path: undefined,
    input: undefined,
    ctx: undefined,
  });
}
