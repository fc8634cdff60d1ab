import { http, methods, statusClasses } from '@portfolio/core/telemetry/contract';
import { type HotSeries, otherValue } from '@portfolio/core/telemetry/instrument';
import { traceIdOf } from '@portfolio/core/runtime/log';
import { isTracing } from '@portfolio/core/telemetry/trace';
import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { logRequest, noteFailure } from './request-log.ts';
import { endRequestSpan, traceHandlers, traceOf, traceRequest } from './request-trace.ts';

/** The status of requests whose clients disconnected before there was a response, as NGINX has it. */
const disconnectedStatus = 499;

const requestOf = Symbol('requestOf');
const replyOf = Symbol('replyOf');
type OfRequest = { [requestOf]?: FastifyRequest };
/** Until the request has ended. */
type OfReply = { [replyOf]?: FastifyReply | undefined };

/** Counts, records and logs each request once, at its end. Register it before other hooks. */
export function observeRequests(app: FastifyInstance, traceReads: number) {
  Object.assign(app.log, {
    /** Of the request to which a child of this logger belongs. */
    [traceIdOf](this: OfRequest) {
      return this[requestOf] && traceOf(this[requestOf]).traceId;
    },
  });
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    if (isTracing()) traceRequest(request, traceReads, done);
    else done();
  });
  traceHandlers(app);
}

/** Two properties are all that most requests get: this is on the path of reads that a cache answers. */
function begin(request: FastifyRequest, reply: FastifyReply) {
  (request.log as OfRequest)[requestOf] = request;
  (reply.raw as OfReply)[replyOf] = reply;
}

/** Called for each response that was closed: it has ended, also where the client disconnected before its end. */
export function endClosed(response: ServerResponse & OfReply) {
  const reply = response[replyOf];
  if (reply) endRequest(reply.request, reply);
}

/** Ends requests at their completion, and lets the line of a request say what Fastify would log in lines of its own. */
export class RequestEnds extends LogController {
  override incomingRequest() {}

  override requestCompleted(error: FastifyError | null, request: FastifyRequest, reply: FastifyReply) {
    if (error && isRunning(reply)) noteFailure(request, 'error', error);
    endRequest(request, reply);
  }

  override streamError(error: FastifyError, request: FastifyRequest) {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') noteFailure(request, 'warn', error);
  }
}

/** Ends a request that Fastify could not route, for which it runs no hooks. */
export function endUnrouted(request: FastifyRequest, reply: FastifyReply) {
  const startedAt = performance.now();
  begin(request, reply);
  reply.raw.once('close', () => endRequest(request, reply, performance.now() - startedAt));
}

/** The request of which a connection awaits the rest, or the response. */
export function requestOn(socket: Socket): FastifyRequest | undefined {
  const { _httpMessage: response } = socket as { _httpMessage?: OfReply | null };
  return response?.[replyOf]?.request;
}

const isRunning = ({ raw }: FastifyReply) => (raw as OfReply)[replyOf] !== undefined;

function endRequest(request: FastifyRequest, reply: FastifyReply, milliseconds = reply.elapsedTime) {
  if (!isRunning(reply)) return;
  (reply.raw as OfReply)[replyOf] = undefined;
  const { headersSent, writableFinished } = reply.raw;
  const statusCode = headersSent ? reply.statusCode : disconnectedStatus;
  const { stream } = request;
  if (stream) stream.end();
  else {
    seriesOf(request, statusCode).record(milliseconds / 1000);
    if (isTracing()) endRequestSpan(request, statusCode, milliseconds);
  }
  logRequest(request, {
    statusCode,
    milliseconds,
    stream: stream?.transport,
    isAborted: !writableFinished,
  });
}

/** The series by route, and within it by method and class of status. */
const known = new Map<string, HotSeries[]>();
const otherMethod = methods.indexOf(otherValue);

function seriesOf(request: FastifyRequest, statusCode: number): HotSeries {
  const { url: route = otherValue } = request.routeOptions;
  const method = methods.indexOf(request.method as (typeof methods)[number]);
  const methodAt = method === -1 ? otherMethod : method;
  const classAt = Math.min(Math.max(Math.trunc(statusCode / 100), 1), statusClasses.length) - 1;
  const at = methodAt * statusClasses.length + classAt;
  let series = known.get(route);
  if (!series) known.set(route, (series = []));
  return (series[at] ??= http.requests.series({
    'http.request.method': methods[methodAt]!,
    'http.route': route,
    'http.response.status_class': statusClasses[classAt]!,
  }));
}
