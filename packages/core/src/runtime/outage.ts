import { AppError } from '../errors.ts';

const ofSockets = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'];
const ofNames = ['ENOTFOUND', 'EAI_AGAIN'];
/** postgres.js */
const ofDatabase = ['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'];
/** The AWS SDK and S3, as names of errors. */
const ofBucket = ['TimeoutError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown', 'InternalError'];
const codes = new Set([...ofSockets, ...ofNames, ...ofDatabase, ...ofBucket]);

/** Connections that fail, shutdowns and starts, too many connections (PostgreSQL, appendix A). */
const sqlState = /^(08...|57P0[123]|53300)$/;

/** Wrapped errors are followed this deep. */
const maxDepth = 5;

/**
 * `unavailable`, if what was thrown says that the database or the bucket is away, also where it is the cause of
 * another error; null for all else.
 */
export function toOutage(error: unknown): AppError | null {
  let inner = error;
  for (let depth = 0; depth < maxDepth && inner instanceof Error; depth++) {
    if (inner instanceof AppError) return null;
    if (isOutage(inner)) {
      const detail = 'Something that this needs is away at present; try again in a few seconds.';
      return new AppError('unavailable', detail, { cause: error });
    }
    inner = inner.cause;
  }
  return null;
}

function isOutage(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return codes.has(code) || sqlState.test(code) || codes.has(error.name);
}
