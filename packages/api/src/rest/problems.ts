import {
  AppError,
  type ErrorCode,
  type Moved,
  errorCodes,
  maxFieldErrors,
  toProblem,
} from '@portfolio/core/errors';
import { smallInputBytes } from '@portfolio/core/operation';
import type { Logger } from '@portfolio/core/runtime/log';
import { isKnownOutage, toOutage } from '@portfolio/core/runtime/outage';
import { newTraceId } from '@portfolio/core/telemetry/trace';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import { z } from 'zod';
import { noteFailure } from '../request-log.ts';
import { traceOf } from '../request-trace.ts';
import { closeUnread, payloadTooLarge } from './bodies.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

/** The body of every error of the REST interface (RFC 9457). */
export const problemSchema = z
  .object({
    type: z.string().max(100).describe('Address of the documentation of this kind of problem.'),
    title: z.string().max(100),
    status: z.int().min(300).max(599),
    detail: z.string().describe('What was wrong with this request, and what would be valid.'),
    code: z.enum(codes),
    errors: z
      .array(z.object({ pointer: z.string().describe('JSON pointer into the input.'), detail: z.string() }))
      .max(maxFieldErrors)
      .optional(),
    moved: z
      .object({ field: z.string().max(100), to: z.string().max(100) })
      .optional()
      .describe('The field that has a former slug or key, and the present one, to which `Location` leads.'),
    traceId: z
      .string()
      .regex(/^[\da-f]{32}$/)
      .describe('The id of the trace of the request (W3C Trace Context), by which operators find it.'),
  })
  .meta({ id: 'Problem' });

/** Sends an error as a problem document. Unexpected errors are logged, and their text is not sent. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const known = toAppError(error, request.routeOptions.bodyLimit);
  // What fails since nobody waits for it any more is of no interest.
  if (reply.raw.destroyed) request.log.debug({ err: error }, 'client disconnected');
  else if (!known || known.code === 'internal') noteFailure(request, 'error', error);
  // An open circuit breaker and a saturated process are logged once, where they occur.
  else if (known.code === 'unavailable' && known.cause && !isKnownOutage(known))
    noteFailure(request, 'warn', error);
  const problem = toProblem(known ?? error, traceOf(request).traceId);
  closeUnread(request, reply);
  void reply.headers({
    ...headersOf(problem.code, request),
    ...(problem.moved && leadTo(problem.moved, request)),
  });
  return reply.code(problem.status).type(contentType).send(JSON.stringify(problem));
}

const contentType = 'application/problem+json';

/** `Retry-After` of `unavailable`: about the time of a failover or a restart. */
export const retryAfterSeconds = '5';

/** The headers that HTTP requires with some problems (RFC 9110, 10.2.3 and 15.5; RFC 5789, 2.2). */
function headersOf(code: ErrorCode, request: FastifyRequest): Record<string, string> {
  if (code === 'unauthenticated') return { 'www-authenticate': 'Bearer' };
  if (code === 'unavailable') return { 'retry-after': retryAfterSeconds };
  if (code !== 'unsupported_media_type') return {};
  const accept = (request.routeOptions.config.consumes ?? ['application/json']).join(', ');
  return { accept, ...(request.method === 'PATCH' && { 'accept-patch': accept }) };
}

/**
 * The address of a request with the present slug, and its query. Nobody stores it: the former slug may be given to
 * something else.
 */
function leadTo({ field, to }: Moved, { routeOptions, params, url }: FastifyRequest): Record<string, string> {
  const given = { ...(params as Record<string, string>), [field]: to };
  const path = routeOptions.url!.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(given[name]!));
  const query = url.indexOf('?');
  return {
    location: query === -1 ? path : path + url.slice(query),
    'cache-control': 'no-store',
    vary: 'accept, authorization',
  };
}

/** Details for errors of Fastify by their code, since its own texts may change with its version. */
const malformed: Record<string, string> = {
  FST_ERR_BAD_URL: 'The path is not valid: expected percent-encoded UTF-8.',
  FST_ERR_MAX_PARAM_LENGTH: 'A segment of the path is too long.',
  FST_ERR_CTP_INVALID_JSON_BODY:
    'The body is not valid JSON, or contains a field "__proto__" or "constructor.prototype".',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The length of the body differs from Content-Length.',
};

/** Maps outages and errors of Fastify, such as a body over the limit, to an AppError; null for unexpected errors. */
export function toAppError(error: unknown, maxBytes = smallInputBytes): AppError | null {
  if (error instanceof AppError) return error;
  const outage = toOutage(error);
  if (outage) return outage;
  const { statusCode = 500, code = '' } = error as Partial<FastifyError>;
  if (statusCode === 413) return payloadTooLarge(maxBytes);
  if (statusCode === 415) {
    return new AppError(
      'unsupported_media_type',
      'This route does not support the content type of the body.',
    );
  }
  if (statusCode >= 400 && statusCode < 500)
    return new AppError('malformed_request', malformed[code] ?? 'The request could not be read.');
  return null;
}

/**
 * Answers requests that Node could not parse: not HTTP, headers over the limit, or received too slowly. Without a `request`,
 * whose headers have arrived, they have no method and no path, so that they are only logged.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  { request, log }: { request: FastifyRequest | undefined; log: Pick<Logger, 'info'> },
) {
  if (error.code !== 'ECONNRESET' && socket.writable) {
    const detail =
      'Malformed or too slow HTTP request. Expected HTTP/1.1 with less than 16 KiB of address and headers.';
    const traceId = request ? traceOf(request).traceId : newTraceId();
    const problem = toProblem(new AppError('malformed_request', detail), traceId);
    // Only the message: the error has what the client sent.
    if (request) noteFailure(request, 'info', new Error(error.message));
    else log.info({ trace_id: traceId, res: { statusCode: problem.status }, code: error.code }, 'request');
    const body = JSON.stringify(problem);
    const headers = `content-type: ${contentType}\r\ncontent-length: ${body.length}\r\nconnection: close`;
    socket.write(`HTTP/1.1 400 Bad Request\r\n${headers}\r\n\r\n${body}`);
  }
  socket.destroy(error);
}

/** Documents each kind of problem at the address in its `type`. */
export function registerProblemTypes(app: FastifyInstance) {
  app.get('/api/problems/:code', (request, reply) => {
    const { code } = request.params as { code: string };
    const found = codes.find((known) => known === code);
    if (!found)
      throw new AppError('not_found', `Unknown kind of problem "${code}". Known: ${codes.join(', ')}.`);
    return reply.send({ type: `/api/problems/${found}`, code: found, ...errorCodes[found] });
  });
}
