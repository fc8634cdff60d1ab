import type { Bucket, Db, JobBus, JobHint, OutboxNotifier } from '@portfolio/core/context';
import { jobsChanged } from '@portfolio/core/job/jobs-changed';
import { type StoredResult, jobKinds } from '@portfolio/core/job/kinds';
import type { JobError } from '@portfolio/core/job/schemas';
import { readPayload } from '@portfolio/core/job/stored';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { isKnownOutage, toOutage } from '@portfolio/core/runtime/outage';
import { randomUUID } from 'node:crypto';
import { type Handler, JobFailure, NotYetError, PermanentError } from './handler.ts';
import type { Handlers } from './handlers/index.ts';
import { persist } from './persist.ts';
import { createProgress } from './progress.ts';
import { JobCancelled, LeaseLost, watchLease } from './watch-lease.ts';

export type Runner = {
  db: Db;
  /** For analytical reads; left out, they go to `db`. */
  reader?: Db;
  bucket: Bucket;
  outboxNotifier: OutboxNotifier;
  jobBus: JobBus;
  log: Logger;
  handlers: Handlers;
  leaseSeconds: number;
  /** Makes the waits between attempts longer or shorter. */
  retryFactor: number;
};

type Claimed = NonNullable<Awaited<ReturnType<typeof transitions.claim>>>;

/** How long a job waits that could not be taken although its message came. */
const putBackSeconds = 1;
/** How long a job waits that something it needs is away for; the breakers ask in between whether it is back. */
const outageSeconds = 5;

/**
 * Works on a job if it is there to be worked on, and on nothing otherwise: messages may come twice, late or for
 * jobs that are done. `keepHidden` prolongs the message's invisibility together with the lease.
 * When `stop` fires the attempt ends and the job goes back to the queue.
 */
export async function runJob(
  runner: Runner,
  jobId: string,
  keepHidden: () => Promise<void>,
  stop: AbortSignal,
) {
  const { jobBus } = runner;
  const lease: Lease = { id: jobId, token: randomUUID() };
  using watch = watchLease(runner, lease);
  const job = await claim(runner, lease, stop);
  if (!job) return putBack(runner, jobId);
  const hint = () => jobBus.publish({ jobId, portfolioId: job.portfolioId });
  hint();
  const log = runner.log.child({ jobId, attempt: job.attempt, kind: job.kind });
  watch.keep({ ...runner, log }, keepHidden);
  try {
    const result = await work(runner, job, lease, AbortSignal.any([watch.signal, stop]), hint);
    await succeed(runner, lease, result, stop, log);
  } catch (error) {
    await settle(runner, job, lease, watch.signal.aborted ? watch.signal.reason : error, stop, log);
  }
  await ended(runner, { jobId, portfolioId: job.portfolioId }, log);
}

/** Claims a job. Where the database is lost before it says so, nobody would work on what is claimed: it is given back. */
async function claim(runner: Runner, lease: Lease, stop: AbortSignal): Promise<Claimed | undefined> {
  try {
    return await transitions.claim(runner.db, lease, runner.leaseSeconds);
  } catch (error) {
    const away = toOutage(error);
    if (away && !isKnownOutage(away))
      await persist(runner, stop, () => transitions.postpone(runner.db, lease, outage, 0));
    throw error;
  }
}

/** The end of a job frees its slot and lets the next job of its group begin. */
async function ended(runner: Runner, hint: JobHint, log: Logger) {
  try {
    await jobsChanged(runner, [hint]);
  } catch (error) {
    runner.jobBus.publish(hint);
    log.warn({ err: error }, 'dispatch failed; the sweep will retry');
  }
}

/** Has a job dispatched again that this worker cannot take now; does nothing to one that is done or being done. */
export async function putBack({ db }: Pick<Runner, 'db'>, jobId: string): Promise<void> {
  await transitions.putBack(db, jobId, putBackSeconds);
}

async function work(runner: Runner, job: Claimed, lease: Lease, signal: AbortSignal, hint: () => void) {
  const payload = payloadOf(job);
  const handler = (await runner.handlers[job.kind]()) as Handler<typeof job.kind>;
  const progress = createProgress(async (at) => {
    if (!(await transitions.progress(runner.db, lease, at))) throw new LeaseLost();
    hint();
  });
  try {
    return await handler(payload, {
      db: runner.db,
      reader: runner.reader ?? runner.db,
      bucket: runner.bucket,
      job,
      signal,
      progress: progress.report,
      async hold(tx) {
        if (!(await transitions.lockLease(tx, lease))) throw new LeaseLost();
      },
    });
  } finally {
    await progress.stop();
  }
}

function payloadOf({ kind, payload }: Claimed) {
  try {
    return readPayload(kind, payload);
  } catch {
    throw new PermanentError('invalid_payload', 'The job was asked for with data it cannot use.');
  }
}

/** Ends an attempt that has a result. Where the database is away the result waits for it, rather than be made anew. */
async function succeed(runner: Runner, lease: Lease, result: StoredResult, stop: AbortSignal, log: Logger) {
  const succeeded = await persist(runner, stop, () => transitions.succeed(runner.db, lease, result));
  if (succeeded) log.info({ result }, 'job succeeded');
  else await discardAttempt(runner, lease, stop, log);
}

/** Ends an attempt that did not succeed: for good, for now, or without a word where the lease is gone. */
async function settle(
  runner: Runner,
  job: Claimed,
  lease: Lease,
  error: unknown,
  stop: AbortSignal,
  log: Logger,
) {
  if (error instanceof LeaseLost || error instanceof JobCancelled)
    return discardAttempt(runner, lease, stop, log);
  const { db } = runner;
  const settled = await persist(runner, stop, () => {
    if (stop.aborted) return transitions.postpone(db, lease, stopped, 0);
    const later = jittered(outageSeconds * runner.retryFactor);
    if (error instanceof NotYetError) return transitions.postpone(db, lease, describe(error), later);
    if (!(error instanceof JobFailure) && toOutage(error)) {
      log.warn({ err: error }, 'attempt was cut off by an outage');
      return transitions.postpone(db, lease, outage, later);
    }
    const final = error instanceof PermanentError || job.attempt >= job.maxAttempts;
    log.warn({ err: error, final }, 'attempt did not succeed');
    return final
      ? transitions.fail(db, lease, describe(error))
      : transitions.retry(db, lease, describe(error), retryDelaySeconds(job) * runner.retryFactor);
  });
  if (!settled) await discardAttempt(runner, lease, stop, log);
}

/** Ends an attempt whose result or failure is not wanted: the job was cancelled, or is another's by now. */
async function discardAttempt(runner: Runner, lease: Lease, stop: AbortSignal, log: Logger) {
  if (await persist(runner, stop, () => transitions.acknowledgeCancel(runner.db, lease)))
    log.info('job cancelled');
  else log.warn('lease lost: the attempt counts for nothing');
}

/**
 * Exponential, with jitter, so that jobs that failed together do not come back together. Attempts that did not count, and
 * those before a retry by hand, make no wait longer: for each of them there is one more that it may have.
 */
function retryDelaySeconds({ kind, attempt, maxAttempts }: Claimed): number {
  const { retry, maxAttempts: given } = jobKinds[kind];
  const failed = Math.max(1, given - (maxAttempts - attempt));
  return jittered(Math.min(retry.baseSeconds * 2 ** (failed - 1), retry.maxSeconds));
}

const jittered = (seconds: number) => seconds * (0.75 + Math.random() / 2);

const stopped: JobError = {
  code: 'worker_stopped',
  message: 'The worker was stopped; the job goes on with another.',
};
const outage: JobError = {
  code: 'unavailable',
  message: 'Something that the job needs is away; it goes on when that is back.',
};

/** The reason that the one who asked may see; what was not foreseen keeps its text for the log. */
function describe(error: unknown): JobError {
  if (error instanceof JobFailure) return { code: error.code, message: error.message };
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: 'internal',
    message: `The attempt failed unexpectedly (${name}); the operators have the details.`,
  };
}
