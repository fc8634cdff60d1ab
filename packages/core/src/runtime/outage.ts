import { AppError } from '../errors.ts';

const ofSockets = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'];
const ofNames = ['ENOTFOUND', 'EAI_AGAIN'];
/** postgres.js */
const ofDatabase = ['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'];
/** The AWS SDK and S3, as names of errors. */
const ofAws = ['TimeoutError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown', 'InternalError'];
/** Credentials of AWS come from services that may be away as well. */
const ofCredentials = ['CredentialsProviderError'];
const ours = ['DEPENDENCY_AWAY', 'NO_ANSWER', 'NO_CONNECTION', 'SCHEMA_BEHIND'];
const codes = new Set([...ofSockets, ...ofNames, ...ofDatabase, ...ofAws, ...ofCredentials, ...ours]);

/** Connections that fail, sign-ins, too few resources, shutdowns and starts, failing disks (PostgreSQL, appendix A). */
const sqlState = /^(08...|28...|53...|57P0[123]|58...)$/;
/** What a server refused was the sign-in: its password or token may be one that was replaced meanwhile. */
const signInRefused = /^28...$/;
/** A server that was the primary, and is one no more. */
const readOnly = '25006';
/** A lock that others hold: it passes, but the server is there. */
const lockTimeout = '55P03';

/** Wrapped errors are followed this deep. */
const maxDepth = 5;

/** Thrown in place of asking a dependency whose breaker is open. */
export class DependencyUnavailable extends Error {
  readonly code = 'DEPENDENCY_AWAY';

  constructor(dependency: string) {
    super(`${dependency} is away; it is asked again within a second or two.`);
    this.name = 'DependencyUnavailable';
  }
}

/** Thrown where no connection could be opened, for whatever reason. */
export class NoConnection extends Error {
  readonly code = 'NO_CONNECTION';

  constructor(cause: unknown) {
    super(`No connection could be opened: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'NoConnection';
  }
}

/** Thrown where a server took a request and did not answer within the time in which it must have. */
export class NoAnswer extends Error {
  readonly code = 'NO_ANSWER';

  constructor(dependency: string) {
    super(`${dependency} does not answer.`);
    this.name = 'NoAnswer';
  }
}

/**
 * `unavailable`, if what was thrown says that database, queue or bucket are away (an open breaker included) or busy,
 * also where it is the cause of another error; null for all else, such as for sites of others that are away.
 */
export function toOutage(error: unknown): AppError | null {
  const passes = find(
    error,
    (inner) => isUnavailable(inner) || [lockTimeout, readOnly].includes(codeOf(inner)),
  );
  if (!passes) return null;
  const detail = 'Something that this needs is away at present; try again in a few seconds.';
  return new AppError('unavailable', detail, { cause: error });
}

/** True where an error, or a cause of it, says that a dependency is away: what breakers count. */
export function isOutage(error: unknown): boolean {
  return find(error, isUnavailable);
}

/** True where a database refused a sign-in. */
export const isSignInRefused = (error: unknown) => find(error, (inner) => signInRefused.test(codeOf(inner)));

/** True where a database takes no changes, as a primary does no more after a failover. */
export const isReadOnly = (error: unknown) => hasCode(error, readOnly);

/** True where an error, or a cause of it, has a code, such as an SQLSTATE. */
export const hasCode = (error: unknown, code: string) => find(error, (inner) => codeOf(inner) === code);

/** True for an outage that an open breaker knows of, and has told the log. */
export function isKnownOutage({ cause }: AppError): boolean {
  return find(cause, (inner) => inner instanceof DependencyUnavailable);
}

function find(error: unknown, matches: (inner: Error) => boolean): boolean {
  let inner = error;
  for (let depth = 0; depth < maxDepth && inner instanceof Error; depth++) {
    // What was foreseen is no outage, whatever caused it, and no site of others is a dependency of ours.
    if (inner instanceof AppError || inner.name === 'OutboundError') return false;
    if (matches(inner)) return true;
    inner = inner.cause;
  }
  return false;
}

function isUnavailable(error: Error): boolean {
  const code = codeOf(error);
  return codes.has(code) || sqlState.test(code) || codes.has(error.name) || isOfFailingService(error);
}

const codeOf = (error: Error) => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** Answers of AWS that say nothing of the request: some have no body, and so no name. */
function isOfFailingService(error: Error): boolean {
  if (!('$metadata' in error)) return false;
  const { httpStatusCode = 0 } = error.$metadata as { httpStatusCode?: number };
  return httpStatusCode >= 500 || httpStatusCode === 429;
}
