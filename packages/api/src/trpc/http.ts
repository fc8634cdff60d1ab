import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { type TRPCError, getTRPCErrorShape } from '@trpc/server';
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { RequestActors } from '../authenticate.ts';
import type { PublishedReads } from '../published-reads.ts';
import { readIdempotencyKey } from '../rest/conditions.ts';
import { retryAfterSeconds, toAppError } from '../rest/problems.ts';
import { toTrpcError } from './procedures.ts';
import { answerPublished, maxBatchSize } from './published.ts';
import { type AppRouter, appRouter } from './router.ts';

/** tRPC over HTTP at `/trpc`. `closing` aborts when the server stops. */
export async function registerTrpc(
  app: FastifyInstance,
  {
    services,
    actors,
    publishedReads,
    closing,
  }: { services: Services; actors: RequestActors; publishedReads: PublishedReads; closing: AbortSignal },
) {
  await app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => {
      const shape = shapeOf(error, request.log);
      const { httpStatus } = shape.data;
      if (httpStatus === 503) void reply.header('retry-after', retryAfterSeconds);
      return reply.code(httpStatus).send({ error: shape });
    });
    scope.addHook('onRequest', (request, reply, done) => {
      const { method } = request;
      if (method === 'GET' || method === 'HEAD' || method === 'POST') return done();
      void reply.header('allow', 'GET, HEAD, OPTIONS, POST');
      if (method === 'OPTIONS') return reply.code(204).send();
      done(
        new AppError(
          'method_not_allowed',
          `${method} is not allowed on procedures. Allowed: GET, HEAD, OPTIONS, POST.`,
        ),
      );
    });
    answerPublished(scope, publishedReads);
    await scope.register(fastifyTRPCPlugin, {
      prefix: '/trpc',
      trpcOptions: {
        router: appRouter,
        maxBatchSize,
        responseMeta: ({ errors, type }) => ({ headers: headersOf(errors, type) }),
        createContext: ({ req, info }) => ({
          services,
          actor: info.type === 'subscription' ? actors.recheckedActorOf(req) : () => actors.actorOf(req),
          idempotencyKey: readIdempotencyKey(req.headers),
          closing,
          flow: null,
          logError: (error) => req.log.error({ err: error }, 'procedure failed'),
        }),
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>);
  });
}

/** The headers that HTTP requires with some errors, even where only one call of a batch has the error. */
function headersOf(errors: TRPCError[], type: string): Record<string, string> {
  const codes = new Set(errors.map(({ code }) => code));
  return {
    ...(codes.has('METHOD_NOT_SUPPORTED') && { allow: type === 'mutation' ? 'POST' : 'GET, HEAD' }),
    ...(codes.has('SERVICE_UNAVAILABLE') && { 'retry-after': retryAfterSeconds }),
  };
}

/** An error of Fastify, thrown before tRPC runs, in the format that typed clients read. */
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
