import { allOperations } from '@portfolio/core';
import type { Actor } from '@portfolio/core/actor';
import { AppError } from '@portfolio/core/errors';
import { largestInputBytes, requireScopes, smallInputBytes } from '@portfolio/core/operation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import { closeUnread, hasBody, payloadTooLarge, readJsonText } from '../rest/bodies.ts';
import { maxBatchSize } from './published.ts';

const operations = new Map(allOperations.map((operation) => [operation.name, operation]));
const allowed = 'GET, HEAD, OPTIONS, POST';

/**
 * Refuses requests none of whose calls the caller may make, and bodies other than JSON, before any body is read; then
 * reads bodies of the size that the calls may have. tRPC parses the text.
 */
export function acceptCalls(scope: FastifyInstance) {
  scope.addHook('onRequest', (request, reply, done) => {
    const { method } = request;
    if (method === 'POST') return refuse(request, reply, done);
    if (method === 'GET' || method === 'HEAD') return done();
    void reply.header('allow', allowed);
    if (method === 'OPTIONS') {
      closeUnread(request, reply);
      return reply.code(204).send();
    }
    done(new AppError('method_not_allowed', `${method} is not allowed on procedures. Allowed: ${allowed}.`));
  });
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', async (request: FastifyRequest, payload: Readable) =>
    readJsonText(request, await readAtMost(payload, maxBytesOf(request))),
  );
}

function refuse(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) {
  const { headers, actor } = request;
  const names = namesOf(request);
  if (names.length > maxBatchSize)
    return done(new AppError('malformed_request', `Expected at most ${maxBatchSize} calls in a batch.`));
  const refusals = names.map((name) => refusalOf(name, actor));
  const [first] = refusals;
  if (first && refusals.every((refusal) => refusal !== undefined)) {
    if (first.code === 'method_not_allowed') void reply.header('allow', 'GET, HEAD');
    return done(first);
  }
  if (hasBody(headers) && !/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? ''))
    return done(new AppError('unsupported_media_type', 'Expected application/json as the body.'));
  const maxBytes = maxBytesOf(request);
  if (Number(headers['content-length'] ?? 0) > maxBytes) return done(payloadTooLarge(maxBytes));
  done();
}

function namesOf({ params, query }: FastifyRequest): string[] {
  const { path } = params as { path: string };
  return (query as { batch?: string }).batch === '1' ? path.split(',') : [path];
}

/** Why an actor may not make a call by POST in any portfolio; undefined where it may. */
function refusalOf(name: string, actor: Actor): AppError | undefined {
  const operation = operations.get(name);
  if (!operation) return new AppError('not_found', `There is no procedure "${name}".`);
  if (operation.kind !== 'mutation')
    return new AppError('method_not_allowed', `Method not allowed for procedure "${name}". Use GET.`);
  try {
    requireScopes(actor, operation);
    return undefined;
  } catch (error) {
    return error as AppError;
  }
}

/** The sum of what its calls may have, and not more than the largest input. */
function maxBytesOf(request: FastifyRequest): number {
  const limits = namesOf(request).map((name) => operations.get(name)?.maxInputBytes ?? smallInputBytes);
  return Math.min(
    limits.reduce((sum, limit) => sum + limit, 0),
    largestInputBytes,
  );
}

async function readAtMost(payload: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The answer needs the connection of a body that is too large.
  const parts = payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of parts) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw payloadTooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
