import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import type { Operation } from '@portfolio/core/operation';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { PublishedHit } from '../published-cache.ts';
import { type PublishedReads, isAnonymous, isPublishedRead } from '../published-reads.ts';
import { originOf } from '../request-trace.ts';
import { type Binding, jsonLines } from './binding.ts';
import { matchesEtag, readIdempotencyKey } from './conditions.ts';
import { disconnectSignal } from './disconnect.ts';
import { createReadInput } from './input.ts';
import { readLines } from './lines.ts';
import { cacheHeaders, cacheStatus, createHeadersOf } from './response-headers.ts';

/** Answers requests to one operation in a given media type: from the cache, or by running the operation. */
export function createRespond<I extends z.ZodObject, O extends z.ZodType>(
  operation: Operation<'query' | 'mutation', I, O>,
  binding: Binding<z.output<O>>,
  { services, publishedReads }: { services: Services; publishedReads: PublishedReads },
) {
  const { method, status = 200, otherwise, formats = {}, instead = {} } = binding;
  const readRequest = createReadInput(operation.input, binding.consumes !== undefined);
  const readInput = (request: FastifyRequest) => readRequest(request) as z.input<I>;
  const headersOf = createHeadersOf(binding);
  const render = (type: string, output: z.output<O>) => formats[type]?.(output) ?? JSON.stringify(output);
  // A redirect leads to a link that is signed for one reader.
  const isCached = isPublishedRead(operation) && status === 200;

  async function respondFromCache(request: FastifyRequest, reply: FastifyReply, type: string) {
    const { portfolio } = request.params as { portfolio?: string };
    const hit = await publishedReads.read({
      operation,
      key: `${type} ${request.url}`,
      portfolio,
      readInput: () => readInput(request),
      encode: (output) => ({
        body: Buffer.from(render(type, output)),
        headers: headersOf(request, type, output),
      }),
    });
    return sendPublished(request, reply, type, hit);
  }

  async function respondTo(request: FastifyRequest, reply: FastifyReply, type: string) {
    const { headers, actor } = request;
    const idempotencyKey = operation.kind === 'mutation' ? readIdempotencyKey(headers) : undefined;
    const ctx = {
      ...services,
      actor,
      signal: disconnectSignal(reply),
      idempotencyKey,
      origin: originOf(request),
    };
    if (type === jsonLines) {
      const lines = await readLines(operation, ctx, readInput(request));
      return reply.headers(cacheHeaders('private')).type(type).send(lines);
    }
    const output = await operation.run(ctx, readInput(request));
    if (method === 'GET') void reply.headers(cacheHeaders('private'));
    void reply.headers(headersOf(request, type, output));
    if (method === 'GET' && matchesEtag(headers, reply.getHeader('etag'))) return reply.code(304).send();
    void reply.code(otherwise?.when(output) ? otherwise.status : status);
    return status === 204 ? reply.send() : reply.type(withCharset(type)).send(render(type, output));
  }

  return async (request: FastifyRequest, reply: FastifyReply, type: string) => {
    if (binding.noHead && request.method === 'HEAD') {
      throw new AppError(
        'method_not_allowed',
        'HEAD is not allowed here, since it would start a job. Use GET.',
      );
    }
    if (instead[type]) return instead[type](request, reply);
    if (isCached && isAnonymous(request)) return respondFromCache(request, reply, type);
    return respondTo(request, reply, type);
  };
}

function sendPublished(request: FastifyRequest, reply: FastifyReply, type: string, hit: PublishedHit) {
  const { body, headers } = hit;
  void reply.headers({ ...headers, ...publicHeaders });
  void reply.header('cache-status', cacheStatus(hit));
  if (matchesEtag(request.headers, headers.etag)) return reply.code(304).send();
  return reply.type(withCharset(type)).send(body);
}

const publicHeaders = cacheHeaders('public');

const withCharset = (type: string) => `${type}; charset=utf-8`;
