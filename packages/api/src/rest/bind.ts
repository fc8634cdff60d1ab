import type { Services } from '@portfolio/core/context';
import { type Operation, type StreamOperation, smallInputBytes } from '@portfolio/core/operation';
import type { Receiver } from '@portfolio/core/stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Follow } from '../follow.ts';
import type { PublishedReads } from '../published-reads.ts';
import type { Connections } from '../trpc/connection-limits.ts';
import { type Binding, type Respond, json, mediaTypesOf } from './binding.ts';
import { streamEvents } from './event-stream.ts';
import { createReadInput } from './input.ts';
import { accepted } from './negotiate.ts';
import { retryAfterSeconds } from './problems.ts';
import { createRespond } from './respond.ts';

/** `closing` aborts when the server stops. */
type BindOptions = {
  services: Services;
  publishedReads: PublishedReads;
  follow: Follow;
  connections: Connections;
  closing: AbortSignal;
};

export type Bind = ReturnType<typeof createBind>;

/** Registers operations as REST routes. A route adds only what HTTP needs: address, method, status, headers. */
export function createBind(app: FastifyInstance, options: BindOptions) {
  return {
    /** Returns the handler of the route's JSON, for other routes to refer to. */
    operation<I extends z.ZodObject, O extends z.ZodType>(
      operation: Operation<'query' | 'mutation', I, O>,
      binding: Binding<z.output<O>>,
    ): Respond {
      const respond = createRespond(operation, binding, options);
      const types = mediaTypesOf(binding);
      // A redirect has no body to negotiate: the client wants what it leads to.
      const isRedirect = binding.status === 302;
      app.route({
        url: `/api/v1${binding.path}`,
        config: { consumes: binding.consumes, operation },
        bodyLimit: operation.maxInputBytes ?? smallInputBytes,
        method: binding.method,
        ...(binding.noHead && { exposeHeadRoute: false }),
        handler: (request, reply) => respond(request, reply, isRedirect ? json : accepted(request, types)),
      });
      return (request, reply) => respond(request, reply, json);
    },

    stream<I extends z.ZodObject, O extends z.ZodType>(
      operation: StreamOperation<I, O>,
      { path }: { path: string; mayEnd?: true },
    ) {
      app.route({
        url: `/api/v1${path}`,
        method: 'GET',
        exposeHeadRoute: false,
        config: { operation },
        handler: createStreamHandler(operation, options),
      });
    },
  };
}

function createStreamHandler<I extends z.ZodObject, O extends z.ZodType>(
  operation: StreamOperation<I, O>,
  { follow, connections, closing }: BindOptions,
) {
  const readInput = createReadInput(operation.input);
  return async (request: FastifyRequest, reply: FastifyReply) => {
    accepted(request, ['text/event-stream']);
    const lastEventId = request.headers['last-event-id'];
    const input = { ...readInput(request), ...(lastEventId && { lastEventId }) } as z.input<I>;
    const { actor, credential } = request;
    void reply.header('retry-after', retryAfterSeconds);
    connections.addStream(actor, request.ip, reply.raw);
    void reply.removeHeader('retry-after');
    return streamEvents(reply, closing, (receiver: Receiver<z.output<O>>) =>
      follow(operation, { credential, actor }, input, receiver),
    );
  };
}
