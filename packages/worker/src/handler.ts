import type { Bucket, Db } from '@portfolio/core/context';
import type { JobKind, JobPayload, StoredResult } from '@portfolio/core/job/kinds';

/** What a handler works with. `attempt` belongs into the keys of what it stores, so that attempts never mix. */
type JobTools = {
  db: Db;
  /** For analytical reads: it may lag behind `db`, and refuses to write. */
  reader: Db;
  bucket: Bucket;
  job: { id: string; portfolioId: string; attempt: number };
  /** Fires when the job is cancelled or no longer ours, or the worker has to go: stop and let the error through. */
  signal: AbortSignal;
  /**
   * Throws unless the attempt still holds its job, which it then does until the end of the transaction: begin each
   * with it that changes more than the job's own files.
   */
  hold(tx: Db): Promise<void>;
  /** Says how far the job is, from 0 to 1, and with what it is busy. Cheap to call often. */
  progress(fraction: number, step: string): void;
};

/** Does the work of one kind of job. Runs at least once for each job, and may be cut off anywhere. */
export type Handler<Kind extends JobKind> = (
  payload: JobPayload<Kind>,
  tools: JobTools,
) => Promise<StoredResult<Kind>>;

/** Why an attempt did not succeed, in words for the one who asked for the job. */
export class JobFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An error that trying again would not mend. */
export class PermanentError extends JobFailure {}

/** An error that another attempt may mend. */
export class TemporaryError extends JobFailure {}

/** What the job needs comes by itself, however long that takes: the attempt does not count. */
export class NotYetError extends JobFailure {}
