import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context,
  trace,
} from '@opentelemetry/api';
import { randomFillSync } from 'node:crypto';

export { SpanKind, type Span, type SpanContext };

const tracer = () => trace.getTracer('portfolio');

let isOn = false;

/** True while spans are exported: otherwise nothing is worth preparing one. */
export const isTracing = () => isOn;

/** Called by the runtime as it begins and ends to export spans. */
export function setTracing(on: boolean) {
  isOn = on;
}

/** The trace that the span begins which is being started. */
let begun: string | undefined;

/** For the SDK: the id of the trace that a span without a parent begins. */
export const nextTraceId = (): string => begun ?? newTraceId();

/** As X-Ray makes them: the first eight digits are the time in seconds. */
export function newTraceId(): string {
  const seconds = Math.floor(Date.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return seconds + randomHex(12);
}

export const newSpanId = (): string => randomHex(8);

/** Random bytes are drawn for many ids at once: a draw takes microseconds, which is more than all else that a span takes. */
const drawn = Buffer.alloc(4096);
let used = drawn.length;

function randomHex(bytes: number): string {
  if (used + bytes > drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += bytes;
  return drawn.toString('hex', used - bytes, used);
}

/** The context of a new trace that nobody records. */
export const newSpanContext = (): SpanContext => ({
  traceId: newTraceId(),
  spanId: newSpanId(),
  traceFlags: TraceFlags.NONE,
});

const traceparent = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(?:$|-)/;

/** Reads a `traceparent` (W3C Trace Context); undefined if there is none, or it is not valid. */
export function readTraceparent(given: unknown): SpanContext | undefined {
  const [, traceId, spanId, flags] = (typeof given === 'string' && traceparent.exec(given)) || [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags!, 16) & TraceFlags.SAMPLED, isRemote: true };
}

export const writeTraceparent = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${traceFlags & TraceFlags.SAMPLED ? '01' : '00'}`;

/** The span in which this code runs; undefined where nothing is recorded. */
export const activeSpan = (): Span | undefined => {
  const span = trace.getActiveSpan();
  return span?.isRecording() ? span : undefined;
};

/** The `traceparent` of the span in which this code runs; undefined where nothing is recorded. */
export function activeTraceparent(): string | undefined {
  const span = activeSpan();
  return span && writeTraceparent(span.spanContext());
}

/**
 * The `traceparent` to store with what this code causes: of the span in which it runs, otherwise the given one, of what caused
 * it, otherwise of a new trace.
 */
export const traceparentOf = (cause?: string | null): string =>
  activeTraceparent() ?? cause ?? writeTraceparent(newSpanContext());

type SpanOptions = {
  kind?: SpanKind;
  attributes?: Attributes;
  /** When it began, if earlier than now: in milliseconds since 1970. */
  startTime?: number;
  /** Which errors make the span a failed one; all, without it. A request that was refused is none. */
  isFailure?: (error: unknown) => boolean;
};

/**
 * Runs work in a span below the one in which this code runs. Where nothing is recorded, it only runs the work. Names and
 * attributes must not contain what users wrote, nor credentials.
 */
export function inSpan<T>(name: string, options: SpanOptions, work: (span?: Span) => Promise<T>): Promise<T> {
  if (!activeSpan()) return work();
  const { isFailure, ...rest } = options;
  return runIn(startSpan(name, rest), work, isFailure);
}

type Place = {
  /** The span above it, which may be of another process. */
  parent?: SpanContext | undefined;
  links?: readonly SpanContext[];
  /** The id of the trace that it begins, if it has no parent. It is then not below the span in which this code runs. */
  traceId?: string | undefined;
};

/** Starts a span: below `parent`, else below that in which this code runs, else as the first of a trace. */
export function startSpan(name: string, options: Omit<SpanOptions, 'isFailure'> & Place = {}): Span {
  const { parent, links = [], traceId, ...rest } = options;
  const around = traceId === undefined ? context.active() : ROOT_CONTEXT;
  const from: Context = parent ? trace.setSpanContext(around, parent) : around;
  begun = traceId;
  const span = tracer().startSpan(name, { ...rest, links: links.map((one) => ({ context: one })) }, from);
  begun = undefined;
  return span;
}

/** Runs work in a span that was started, and ends it. An error that the work throws is the status of the span. */
export async function runIn<T>(
  span: Span,
  work: (span: Span) => Promise<T>,
  isFailure: (error: unknown) => boolean = () => true,
): Promise<T> {
  try {
    // Awaited within, since a query of Drizzle starts only when it is awaited.
    return await context.with(trace.setSpan(context.active(), span), async () => await work(span));
  } catch (error) {
    if (isFailure(error)) markFailed(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Makes a span the one in which `work` runs, without ending it: for hooks that continue elsewhere. */
export const withSpan = <T>(span: Span, work: () => T): T =>
  context.with(trace.setSpan(context.active(), span), work);

/** Only the type of the error: its message may contain what users wrote. */
export const markFailed = (span: Span, error: unknown) =>
  markFailedBy(span, error instanceof Error ? error.name : typeof error);

/** `type` is one of few, such as the status of a response. */
export function markFailedBy(span: Span, type: string) {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
}
