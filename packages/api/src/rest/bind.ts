import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import type { Operation, StreamOperation } from '@portfolio/core/operation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { RequestActors } from '../authenticate.ts';
import { follow } from '../follow.ts';
import type { PublishedCache, PublishedHit } from '../published-cache.ts';
import { etagOf, hasAlready, readIdempotencyKey } from './conditions.ts';
import { streamEvents } from './event-stream.ts';
import { createReadInput } from './input.ts';
import { accepted } from './negotiate.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

type Respond = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export type Binding<Output> = {
  method: Method;
  /** Path below `/api/v1`; its parameters are fields of the operation's input. */
  path: string;
  /** The status of success; 200 if nothing is said. With 204 the output is null, and not sent. */
  status?: number;
  /** A second status of success, and when it is the one. */
  otherwise?: { status: number; when: (output: Output) => boolean };
  headers?: (output: Output) => Record<string, string>;
  /** True where a GET may start a job: a HEAD, which is to change nothing, is refused. */
  noHead?: true;
  /** Other forms of the answer, by media type: text made of the output, or the answer of another route. */
  formats?: Record<string, (output: Output) => string>;
  instead?: Record<string, Respond>;
  /** Media types of a body that is not JSON but bytes. */
  consumes?: string[];
  /** Since when the route should not be used (RFC 9745), until when it works (RFC 8594), and what to use instead. */
  deprecated?: { since: Date; sunset: Date; successor: string };
};

declare module 'fastify' {
  interface FastifyContextConfig {
    consumes?: Binding<never>['consumes'] | undefined;
  }
}

export type Bind = ReturnType<typeof createBind>;

/**
 * Binds operations to routes. A route adds nothing of its own but the names that HTTP has for things.
 * `closing` aborts when the server stops.
 */
export function createBind(
  app: FastifyInstance,
  {
    services,
    actors,
    cache,
    closing,
  }: { services: Services; actors: RequestActors; cache: PublishedCache; closing: AbortSignal },
) {
  return {
    operation<I extends z.ZodObject, O extends z.ZodType>(
      operation: Operation<'query' | 'mutation', I, O>,
      binding: Binding<z.output<O>>,
    ) {
      const { method, status = 200, otherwise, formats = {}, instead = {} } = binding;
      const readInput = createReadInput(operation.input, binding.consumes !== undefined);
      const types = [json, ...Object.keys(formats), ...Object.keys(instead)] as const;
      // What strangers read is the same for all of them. A redirect goes to a link that is made for one.
      const isCached = operation.kind === 'query' && operation.public && status === 200;
      const deprecation = binding.deprecated && deprecationHeaders(binding.deprecated);

      const render = (type: string, output: z.output<O>) => formats[type]?.(output) ?? JSON.stringify(output);
      const headersOf = (request: FastifyRequest, type: string, output: z.output<O>) => ({
        ...standardHeaders(request, type, output),
        ...deprecation,
        ...binding.headers?.(output),
      });

      async function loadPublished(request: FastifyRequest, type: string) {
        const ctx = { ...services, actor: anonymous, signal: never };
        const output = await operation.run(ctx, readInput(request) as z.input<I>);
        return { body: Buffer.from(render(type, output)), headers: headersOf(request, type, output) };
      }

      async function respond(request: FastifyRequest, reply: FastifyReply, type: string) {
        const { headers } = request;
        if (binding.noHead && request.method === 'HEAD') {
          throw new AppError('method_not_allowed', 'HEAD would start the job that makes it; use GET.');
        }
        if (instead[type]) return instead[type](request, reply);
        if (isCached && headers.authorization === undefined) {
          const { portfolio } = request.params as { portfolio?: string };
          const load = () => loadPublished(request, type);
          return sendPublished(
            request,
            reply,
            type,
            await cache.read(`${type} ${request.url}`, portfolio, load),
          );
        }
        const actor = await actors.actorOf(request);
        const idempotencyKey = operation.kind === 'mutation' ? readIdempotencyKey(headers) : undefined;
        const ctx = { ...services, actor, signal: whenClientLeaves(reply), idempotencyKey };
        const output = await operation.run(ctx, readInput(request) as z.input<I>);
        if (method === 'GET') void reply.headers({ vary, 'cache-control': 'private, no-cache' });
        void reply.headers(headersOf(request, type, output));
        if (method === 'GET' && hasAlready(headers, reply.getHeader('etag'))) return reply.code(304).send();
        const isOther = otherwise?.when(output) ?? false;
        void reply.code(isOther ? otherwise!.status : status);
        return status === 204 ? reply.send() : reply.type(withCharset(type)).send(render(type, output));
      }

      app.route({
        url: `/api/v1${binding.path}`,
        config: { consumes: binding.consumes },
        method,
        ...(binding.noHead && { exposeHeadRoute: false }),
        // Of a redirect, the client wants what it leads to.
        handler: (request, reply) =>
          respond(request, reply, status === 302 ? json : accepted(request, types)),
      });
      return (request: FastifyRequest, reply: FastifyReply) => respond(request, reply, json);
    },

    stream<I extends z.ZodObject, O extends z.ZodType>(operation: StreamOperation<I, O>, path: string) {
      const readInput = createReadInput(operation.input);
      app.route({
        url: `/api/v1${path}`,
        method: 'GET',
        exposeHeadRoute: false,
        async handler(request, reply) {
          accepted(request, ['text/event-stream']);
          const actor = actors.recheckedActorOf(request);
          const lastEventId = request.headers['last-event-id'];
          const input = { ...readInput(request), ...(lastEventId && { lastEventId }) };
          const signals = [whenClientLeaves(reply), closing];
          const items = await follow(operation, { services, actor }, input as z.input<I>, signals);
          return streamEvents(reply, items);
        },
      });
    },
  };
}

/** Caches between may keep an answer, but have to ask each time whether it still holds (`no-cache`, RFC 9111). */
const vary = 'accept, authorization';

const never = new AbortController().signal;

const json = 'application/json';

const withCharset = (type: string) => `${type}; charset=utf-8`;

function sendPublished(request: FastifyRequest, reply: FastifyReply, type: string, hit: PublishedHit) {
  const { body, headers, source, ageSeconds } = hit;
  void reply.headers({ ...headers, vary, 'cache-control': 'public, no-cache' });
  void reply.header('cache-status', cacheStatus(source, ageSeconds));
  if (hasAlready(request.headers, headers.etag)) return reply.code(304).send();
  return reply.type(withCharset(type)).send(body);
}

/** Where an answer came from (RFC 9211). */
function cacheStatus(source: PublishedHit['source'], ageSeconds: number | undefined): string {
  if (source === 'database') return 'portfolio-api; fwd=miss';
  return ageSeconds === undefined
    ? 'portfolio-api; hit'
    : `portfolio-api; hit; ttl=-${ageSeconds}; detail=database-away`;
}

/** What follows from the form of an answer: the ETag of what has a version, the links of a page (RFC 8288). */
function standardHeaders(request: FastifyRequest, type: string, output: unknown): Record<string, string> {
  if (typeof output !== 'object' || output === null) return {};
  const headers: Record<string, string> = {};
  if ('version' in output && typeof output.version === 'number') {
    headers.etag = etagOf(output.version, type === json ? undefined : type.split('/')[1]);
  }
  if ('nextCursor' in output) headers.link = pageLinks(request, output.nextCursor);
  return headers;
}

function pageLinks({ url }: FastifyRequest, nextCursor: unknown): string {
  const [path, query] = url.split('?');
  const link = (rel: string, cursor?: unknown) => {
    const parameters = new URLSearchParams(query);
    parameters.delete('cursor');
    if (typeof cursor === 'string') parameters.set('cursor', cursor);
    return `<${[path, parameters.toString()].filter(Boolean).join('?')}>; rel="${rel}"`;
  };
  return [link('first'), ...(nextCursor === null ? [] : [link('next', nextCursor)])].join(', ');
}

function deprecationHeaders({ since, sunset, successor }: NonNullable<Binding<never>['deprecated']>) {
  return {
    deprecation: `@${Math.floor(since.getTime() / 1000)}`,
    sunset: sunset.toUTCString(),
    link: `<${successor}>; rel="successor-version"`,
  };
}

/** Aborts when the client leaves without its answer. (Fastify's `request.signal` may abort once the body is read.) */
function whenClientLeaves({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}
