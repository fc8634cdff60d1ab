import { DrizzleQueryError } from 'drizzle-orm';
import {
  type DestinationStream,
  type Logger,
  type LoggerOptions,
  destination,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';
import postgres from 'postgres';
import { activeSpan } from '../telemetry/trace.ts';
import { redact } from './redact.ts';

export type { Logger };

/** A logger with this property, and each child of it, names that trace in every line. */
export const traceIdOf = Symbol('traceIdOf');

type Traced = { [traceIdOf]?: () => string | undefined };

/** Only for lines that are written, so that requests which log nothing need no trace id. */
function traceOf(logger: Traced): { trace_id?: string } {
  const traceId = logger[traceIdOf]?.() ?? activeSpan()?.spanContext().traceId;
  return traceId === undefined ? {} : { trace_id: traceId };
}

/** The logger of the process: JSON lines on standard output. Credentials are redacted wherever they are. */
export function createLog(name: string, level: string, out: DestinationStream = destination(1)): Logger {
  const options: LoggerOptions = {
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    // A word, as the other programs of a cluster write it: numbers and words cannot be in one index.
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: (_merged, _level, logger) => traceOf(logger as Traced),
    serializers: { err: describeError },
    redact: ['req.headers.authorization', 'req.headers.cookie'],
    hooks: { streamWrite: redact },
  };
  return pino(options, out);
}

/**
 * Serializes an error for the log, with its causes, and without what users wrote: a failed query is logged without its
 * parameters, and what the database says of them is left out.
 */
export function describeError(error: unknown): unknown {
  return describeWithin(error, maxDepth);
}

/** Causes may lead back to their errors. */
const maxDepth = 10;

function describeWithin(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return error;
  const { errors } = error as { errors?: unknown };
  const within = (inner: unknown) => (depth > 1 ? describeWithin(inner, depth - 1) : '…');
  const described =
    error instanceof DrizzleQueryError
      ? { type: error.name, message: 'A query failed.', query: error.query }
      : stdSerializers.err(shownOf(error));
  return {
    ...described,
    ...(Array.isArray(errors) && { aggregateErrors: errors.map(within) }),
    ...(error.cause !== undefined && { cause: within(error.cause) }),
  };
}

const hidden = { value: undefined };

/** The error without its causes, whose text the serializer would add to its own. */
function shownOf(error: Error): Error {
  if (!(error instanceof postgres.PostgresError))
    return Object.create(error, { cause: hidden, errors: hidden }) as Error;
  const shown = { cause: hidden, detail: hidden, where: hidden };
  if (!error.code.startsWith(dataException)) return Object.create(error, shown) as Error;
  const message = 'The database refused a value.';
  const stack = error.stack?.replace(error.message, message);
  return Object.create(error, { ...shown, message: { value: message }, stack: { value: stack } }) as Error;
}

/** The class of errors whose message quotes the value. */
const dataException = '22';
