import type { Origin } from '@portfolio/core/context';
import { redact } from '@portfolio/core/runtime/redact';
import { methods } from '@portfolio/core/telemetry/contract';
import { otherValue } from '@portfolio/core/telemetry/instrument';
import {
  type Span,
  type SpanContext,
  SpanKind,
  markFailedBy,
  newSpanContext,
  newTraceId,
  readTraceparent,
  startSpan,
  withSpan,
  writeTraceparent,
} from '@portfolio/core/telemetry/trace';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { credentialOf } from './credential.ts';
import { pathOf } from './request-log.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Its span, where it is recorded. */
    span?: Span;
    /** Its place in a trace, where it was asked for: see `traceOf`. */
    spanContext?: SpanContext;
  }
}

/** The objective of requests. Those that take longer are recorded. */
const slowMilliseconds = 400;

/**
 * The place of a request in a trace: its span, else what the client sent, else the beginning of a new trace. It is made when it
 * is first needed, since most requests need none.
 */
export function traceOf(request: FastifyRequest): SpanContext {
  request.spanContext ??= request.span?.spanContext() ?? contextOfClient(request) ?? newSpanContext();
  return request.spanContext;
}

/** Whether a trace is recorded is not for clients to decide. */
function contextOfClient({ headers }: Pick<FastifyRequest, 'headers'>): SpanContext | undefined {
  const given = readTraceparent(headers.traceparent);
  return given && { ...given, traceFlags: 0 };
}

/** Where the calls of a request come from. */
export const originOf = (request: FastifyRequest): Origin => ({
  address: request.ip,
  requestId: request.id,
  get traceparent() {
    return writeTraceparent(traceOf(request));
  },
});

/**
 * Records a request as a span in which its other hooks and its handler run: all but most anonymous reads, of which the given
 * share is recorded.
 */
export function traceRequest(request: FastifyRequest, shareOfReads: number, done: () => void) {
  if (!isRecorded(request, shareOfReads)) return done();
  request.span = startRequestSpan(request);
  withSpan(request.span, done);
}

/** Reading a body leaves the context of the hooks before, which handlers get back here. */
export function traceHandlers(app: FastifyInstance) {
  app.addHook('preHandler', (request, _reply, done) => {
    if (request.span) withSpan(request.span, done);
    else done();
  });
}

const isRecorded = ({ method, headers }: FastifyRequest, shareOfReads: number) =>
  (method !== 'GET' && method !== 'HEAD') ||
  Math.random() < shareOfReads ||
  credentialOf(headers) !== undefined;

function startRequestSpan(request: FastifyRequest, startTime?: number): Span {
  const method = methods.find((known) => known === request.method);
  const { url: route } = request.routeOptions;
  return startSpan([method ?? 'HTTP', route].filter(Boolean).join(' '), {
    kind: SpanKind.SERVER,
    attributes: {
      'http.request.method': method ?? otherValue,
      'url.path': redact(pathOf(request)),
      ...(route !== undefined && { 'http.route': route }),
    },
    parent: readTraceparent(request.headers.traceparent),
    traceId: request.spanContext?.traceId ?? newTraceId(),
    ...(startTime !== undefined && { startTime }),
  });
}

/** What anybody can cause at will, without a credential that is valid. */
const refusals = new Set([401, 404, 405, 429]);

/**
 * Ends the span of a request. One that was not recorded and failed or was slow gets its span now. A span that does not end is
 * not exported: a flood of refused requests must not take the place of others.
 */
export function endRequestSpan(request: FastifyRequest, statusCode: number, milliseconds: number) {
  const isOfNote = statusCode >= 500 || milliseconds > slowMilliseconds;
  const isAnonymous = request.actor === undefined || request.actor.kind === 'anonymous';
  if (!isOfNote && isAnonymous && refusals.has(statusCode)) return;
  const span = request.span ?? (isOfNote ? startRequestSpan(request, Date.now() - milliseconds) : undefined);
  if (!span?.isRecording()) return;
  span.setAttribute('http.response.status_code', statusCode);
  if (statusCode >= 500) markFailedBy(span, String(statusCode));
  span.end();
}
