import { DrizzleQueryError } from 'drizzle-orm';
import {
  type DestinationStream,
  type Logger,
  destination,
  pino,
  stdSerializers,
  stdTimeFunctions,
} from 'pino';

import { redact } from './redact.ts';

export type { Logger };

/** The logger of the process: JSON lines on standard output. Credentials are redacted wherever they are. */
export function createLog(name: string, level: string, out: DestinationStream = destination(1)): Logger {
  const options = {
    name,
    level,
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: ['req.headers.authorization', 'req.headers.cookie'],
    hooks: { streamWrite: redact },
  };
  return pino(options, out);
}

/** Serializes an error for the log. A failed query is logged with its statement, but without its parameters. */
function describeError(error: unknown): unknown {
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
