import type { Bucket, Db } from '@portfolio/core/context';
import type { JobKind, JobPayload, StoredResult } from '@portfolio/core/job/kinds';

/** The dependencies of a handler. The keys of the files that it stores include `attempt`, so that attempts never mix. */
type JobTools = {
  db: Db;
  /** For analytical reads: may lag behind `db`, and is read-only. */
  reader: Db;
  bucket: Bucket;
  /** `traceparent`: the place of the attempt in the trace of its job. */
  job: { id: string; portfolioId: string; attempt: number; traceparent: string };
  /**
   * Fires when the job is cancelled, the lease is lost or the worker stops. The handler has to stop, and to rethrow the
   * error.
   */
  signal: AbortSignal;
  /**
   * Locks the job until the end of the transaction. Throws if the attempt no longer holds the lease. Call it first in
   * each transaction that changes more than the job's own files.
   */
  requireLease(tx: Db): Promise<void>;
  /** Reports the progress, from 0 to 1, and the current step. Cheap to call often. */
  progress(fraction: number, step: string): void;
};

/** Runs one kind of job. It is called at least once for each job, and an attempt may be interrupted anywhere. */
export type Handler<Kind extends JobKind> = (
  payload: JobPayload<Kind>,
  tools: JobTools,
) => Promise<StoredResult<Kind>>;

/** The reason why an attempt failed, in words for the user who requested the job. */
export class JobFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An error that a retry cannot fix. */
export class PermanentError extends JobFailure {}

/** An error that a retry may fix. */
export class TemporaryError extends JobFailure {}

/** A precondition that will be met without intervention, however long it takes: the attempt does not count. */
export class NotYetError extends JobFailure {}
