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

/** Serializes an error for the log. A failed query is logged with its statement, but without its parameters. */
export function describeError(error: unknown): unknown {
  if (error instanceof DrizzleQueryError) {
    return {
      type: error.name,
      message: 'A query failed.',
      query: error.query,
      cause: describeError(error.cause),
    };
  }
  return error instanceof Error ? stdSerializers.err(error) : error;
}
