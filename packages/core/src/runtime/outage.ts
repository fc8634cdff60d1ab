import { AppError } from '../errors.ts';

const ofSockets = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'];
const ofNames = ['ENOTFOUND', 'EAI_AGAIN'];
/** postgres.js */
const ofDatabase = ['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'];
/** The AWS SDK and S3, as names of errors. */
const ofAws = ['TimeoutError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown', 'InternalError'];
/** AWS credentials come from services that may be unavailable, too. */
const ofCredentials = ['CredentialsProviderError'];
const ofPlatform = ['DEPENDENCY_UNAVAILABLE', 'NO_ANSWER', 'NO_CONNECTION', 'NO_VERDICT', 'SCHEMA_BEHIND'];
const codes = new Set([...ofSockets, ...ofNames, ...ofDatabase, ...ofAws, ...ofCredentials, ...ofPlatform]);

/** Connections that fail, sign-ins, too few resources, shutdowns and starts, failing disks (PostgreSQL, appendix A). */
const sqlState = /^(08...|28...|53...|57P0[123]|58...)$/;
/** The server refused the sign-in: the password or token may have been replaced meanwhile. */
const signInRefused = /^28...$/;
/** The server was the primary, and no longer is. */
const readOnly = '25006';
/** A lock timeout and a deadlock are temporary, but the server is available. */
const [lockTimeout, deadlock] = ['55P03', '40P01'];

/** The maximum depth of the chain of causes. */
const maxDepth = 5;

/** Thrown instead of calling a dependency that is known to be unavailable, as by its open circuit breaker. */
export class DependencyUnavailable extends Error {
  readonly code = 'DEPENDENCY_UNAVAILABLE';

  constructor(dependency: string) {
    super(`${dependency} is unavailable.`);
    this.name = 'DependencyUnavailable';
  }
}

/** Thrown if no connection could be opened, for any reason. */
export class NoConnection extends Error {
  readonly code = 'NO_CONNECTION';

  constructor(cause: unknown) {
    super(`No connection could be opened: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.name = 'NoConnection';
  }
}

/** Thrown if a server accepted a request and did not answer within the timeout. */
export class NoAnswer extends Error {
  readonly code = 'NO_ANSWER';

  constructor(dependency: string) {
    super(`${dependency} did not answer in time.`);
    this.name = 'NoAnswer';
  }
}

/**
 * Returns `unavailable` for an error which means that database, queue or bucket are unavailable (also because of an open
 * circuit breaker) or busy, even as the cause of another error. Returns null for other errors, such as those of sites
 * outside of the platform.
 */
export function toOutage(error: unknown): AppError | null {
  const isTemporary = find(
    error,
    (inner) => isUnavailable(inner) || [lockTimeout, deadlock, readOnly].includes(codeOf(inner)),
  );
  if (!isTemporary) return null;
  const detail = 'A required service is temporarily unavailable. Retry in a few seconds.';
  return new AppError('unavailable', detail, { cause: error });
}

/** True if an error, or a cause of it, means that a dependency is unavailable. Circuit breakers count these. */
export function isOutage(error: unknown): boolean {
  return find(error, isUnavailable);
}

/** True if a database refused a sign-in. */
export const isSignInRefused = (error: unknown) => find(error, (inner) => signInRefused.test(codeOf(inner)));

/** True if a database is read-only, as a former primary is after a failover. */
export const isReadOnly = (error: unknown) => hasCode(error, readOnly);

/** True if an error, or a cause of it, has this code, such as an SQLSTATE. */
export const hasCode = (error: unknown, code: string) => find(error, (inner) => codeOf(inner) === code);

/** True if the database answered that the statement failed: then it has changed nothing. */
export const isRolledBack = (error: unknown) =>
  find(error, (inner) => 'severity' in inner && inner.severity === 'ERROR');

/** True for an outage that was noticed, and logged, before this call. */
export function isKnownOutage({ cause }: AppError): boolean {
  return find(cause, (inner) => inner instanceof DependencyUnavailable);
}

function find(error: unknown, matches: (inner: Error) => boolean): boolean {
  let inner = error;
  for (let depth = 0; depth < maxDepth && inner instanceof Error; depth++) {
    // An expected error is no outage, whatever caused it, and sites outside of the platform are no dependencies.
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

/** Responses of AWS that do not depend on the request. Some have no body, and so no name. */
function isOfFailingService(error: Error): boolean {
  if (!('$metadata' in error)) return false;
  const { httpStatusCode = 0 } = error.$metadata as { httpStatusCode?: number };
  return httpStatusCode >= 500 || httpStatusCode === 429;
}
