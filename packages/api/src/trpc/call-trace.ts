import { allOperations } from '@portfolio/core';
import { otherValue } from '@portfolio/core/telemetry/instrument';
import {
  type SpanContext,
  SpanKind,
  isTracing,
  markFailed,
  newSpanContext,
  newTraceId,
  runIn,
  startSpan,
} from '@portfolio/core/telemetry/trace';
import { TRPCError } from '@trpc/server';

/** The trace of a call over a WebSocket: each call begins one, since browsers send no headers there. */
export type CallTrace = {
  /** Its place in the trace; made when it is first needed. */
  context(): SpanContext;
  /** Runs the work of the call, as a span where that is recorded. */
  run<T>(work: () => Promise<T>): Promise<T>;
};

const names = new Set(allOperations.map(({ name }) => name));
const failures = new Set<TRPCError['code']>(['INTERNAL_SERVER_ERROR', 'SERVICE_UNAVAILABLE']);
const isFailure = (error: unknown) => !(error instanceof TRPCError) || failures.has(error.code);

/** Begins a call. One that is not to be recorded and fails is recorded at its end, without what is below it. */
export function beginCall(path: string, isRecorded: boolean): CallTrace {
  const name = `websocket ${names.has(path) ? path : otherValue}`;
  if (isTracing() && isRecorded) {
    const span = startSpan(name, { kind: SpanKind.SERVER, traceId: newTraceId() });
    return { context: () => span.spanContext(), run: (work) => runIn(span, work, isFailure) };
  }
  let made: SpanContext | undefined;
  const context = () => (made ??= newSpanContext());
  return {
    context,
    async run(work) {
      const startTime = Date.now();
      try {
        return await work();
      } catch (error) {
        if (isTracing() && isFailure(error)) {
          const span = startSpan(name, { kind: SpanKind.SERVER, traceId: context().traceId, startTime });
          markFailed(span, error);
          span.end();
        }
        throw error;
      }
    },
  };
}
