import type { Services } from '@portfolio/core/context';
import { type Receiver, iterate } from '@portfolio/core/stream';
import { type TRPCError, getTRPCErrorShape } from '@trpc/server';
import { type FastifyHandlerOptions, fastifyRequestHandler } from '@trpc/server/adapters/fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { credentialOf } from '../credential.ts';
import type { Follow } from '../follow.ts';
import type { PublishedReads } from '../published-reads.ts';
import { closeUnread } from '../rest/bodies.ts';
import { readIdempotencyKey } from '../rest/conditions.ts';
import { retryAfterSeconds, toAppError } from '../rest/problems.ts';
import { noteFailure } from '../request-log.ts';
import { originOf, traceOf } from '../request-trace.ts';
import type { ReportRefusal } from '../security-events.ts';
import { becomeStream } from '../stream-telemetry.ts';
import { acceptCalls } from './calls.ts';
import type { Connections } from './connection-limits.ts';
import { type FollowItems, nameTrace, toTrpcError } from './procedures.ts';
import { answerPublished, maxBatchSize } from './published.ts';
import { type AppRouter, appRouter } from './router.ts';

type Streaming = {
  follow: Follow;
  connections: Connections;
  closing: AbortSignal;
};

/** tRPC over HTTP at `/trpc`. `closing` aborts when the server stops. */
export async function registerTrpc(
  app: FastifyInstance,
  bound: { services: Services; publishedReads: PublishedReads; reportRefusal: ReportRefusal } & Streaming,
) {
  const { services, publishedReads, reportRefusal } = bound;
  await app.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => {
      const shape = shapeOf(error, request);
      closeUnread(request, reply);
      const { httpStatus } = shape.data;
      if (httpStatus === 503) void reply.header('retry-after', retryAfterSeconds);
      return reply.code(httpStatus).send({ error: shape });
    });
    acceptCalls(scope);
    answerPublished(scope, publishedReads);
    const options = {
      router: appRouter,
      maxBatchSize,
      responseMeta: ({ errors, type }) => ({ headers: headersOf(errors, type) }),
      onError({ error, path, input, req }) {
        const { actor, ip: address, headers } = req;
        nameTrace(error, traceOf(req));
        const hasCredential = credentialOf(headers) !== undefined;
        reportRefusal(error.cause, { actor, address, hasCredential, operation: path, input });
      },
      createContext: ({ req, res }) => ({
        services,
        actor: () => Promise.resolve(req.actor),
        origin: originOf(req),
        idempotencyKey: readIdempotencyKey(req.headers),
        follow: createFollowItems(req, res.raw, bound),
        logError: (error) => noteFailure(req, 'error', error),
      }),
    } satisfies FastifyHandlerOptions<AppRouter, FastifyRequest, FastifyReply>;
    scope.all('/trpc/:path', (req, res) => {
      const { path } = req.params as { path: string };
      // tRPC decodes it once more, and an escaped comma would add calls that were not counted.
      return fastifyRequestHandler({ ...options, req, res, path: encodeURIComponent(path) });
    });
  });
}

/** Streams of a request: each counts as a connection, and ends when the server stops. */
function createFollowItems(
  request: FastifyRequest,
  answer: ServerResponse,
  { follow, connections, closing }: Streaming,
): FollowItems {
  return async (operation, input, signal) => {
    const { actor, credential } = request;
    connections.addStream(actor, request.ip, answer);
    const items = await iterate(AbortSignal.any([signal, closing]), (receiver: Receiver<never>) =>
      follow(operation, { credential, actor }, input, receiver),
    );
    becomeStream(request, answer, 'trpc');
    return untilClosing(items, closing);
  };
}

/** Says why it ends, so that the client connects again. */
async function* untilClosing<T>(items: AsyncIterable<T>, closing: AbortSignal) {
  yield* items;
  if (closing.aborted) throw closing.reason;
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
function shapeOf(cause: unknown, request: FastifyRequest) {
  const logError = (error: unknown) => noteFailure(request, 'error', error);
  const error = toTrpcError(toAppError(cause) ?? cause, { logError });
  nameTrace(error, traceOf(request));
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
