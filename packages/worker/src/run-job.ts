import type { Bucket, Db, JobBus, JobHint, OutboxNotifier } from '@portfolio/core/context';
import { dispatchNext } from '@portfolio/core/job/jobs-changed';
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
  /** For analytical reads; `db` by default. */
  reader?: Db;
  bucket: Bucket;
  outboxNotifier: OutboxNotifier;
  jobBus: JobBus;
  log: Logger;
  handlers: Handlers;
  leaseSeconds: number;
  /** Multiplies the delays between attempts. */
  retryFactor: number;
};

type Claimed = NonNullable<Awaited<ReturnType<typeof transitions.claim>>>;

/** The delay before a job whose message arrived, but which could not be claimed, is dispatched again. */
const putBackSeconds = 1;
/** The delay before the next attempt after an outage; meanwhile the circuit breakers probe the dependency. */
const outageSeconds = 5;

/**
 * Runs a job if it can be claimed, and does nothing otherwise: messages may arrive twice, late, or for finished jobs.
 * `keepHidden` extends the message's visibility timeout together with the lease. When `stop` fires, the attempt ends
 * and the job is queued again.
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
  await announceEnd(runner, { jobId, portfolioId: job.portfolioId }, log);
}

/**
 * Claims a job. If the connection is lost before the response, the claim may have been stored with no worker on the
 * job: the claim is then undone.
 */
async function claim(runner: Runner, lease: Lease, stop: AbortSignal): Promise<Claimed | undefined> {
  try {
    return await transitions.claim(runner.db, lease, runner.leaseSeconds);
  } catch (error) {
    const lost = toOutage(error);
    if (lost && !isKnownOutage(lost))
      await persist(runner, stop, () => transitions.postpone(runner.db, lease, outage, 0));
    throw error;
  }
}

/** Announces the end of a job and dispatches the next ones: it frees a slot of its portfolio, and its group. */
async function announceEnd({ db, outboxNotifier, jobBus }: Runner, hint: JobHint, log: Logger) {
  // Watchers do not wait for the dispatch, whose failure says nothing about this job.
  jobBus.publish(hint);
  try {
    if ((await dispatchNext(db, [hint])) > 0) outboxNotifier.notify();
  } catch (error) {
    log.warn({ err: error }, 'dispatch failed; the sweep will retry');
  }
}

/** Has a job dispatched again that this worker cannot run now. Does nothing to a running or finished job. */
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
      async requireLease(tx) {
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
    throw new PermanentError('invalid_payload', 'The payload of the job is not valid for its kind.');
  }
}

/** Stores the result of an attempt. While the database is unavailable, the result waits, so that no work is lost. */
async function succeed(runner: Runner, lease: Lease, result: StoredResult, stop: AbortSignal, log: Logger) {
  const succeeded = await persist(runner, stop, () => transitions.succeed(runner.db, lease, result));
  if (succeeded) log.info({ result }, 'job succeeded');
  else await discardAttempt(runner, lease, stop, log);
}

/** Ends an attempt that failed: the job fails, is retried or postponed. Without a lease, nothing is written. */
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
      log.warn({ err: error }, 'attempt interrupted by an outage');
      return transitions.postpone(db, lease, outage, later);
    }
    const final = error instanceof PermanentError || job.attempt >= job.maxAttempts;
    log.warn({ err: error, final }, 'attempt failed');
    return final
      ? transitions.fail(db, lease, describe(error))
      : transitions.retry(db, lease, describe(error), retryDelaySeconds(job) * runner.retryFactor);
  });
  if (!settled) await discardAttempt(runner, lease, stop, log);
}

/** Discards an attempt whose job was cancelled, or claimed by another worker in the meantime. */
async function discardAttempt(runner: Runner, lease: Lease, stop: AbortSignal, log: Logger) {
  if (await persist(runner, stop, () => transitions.acknowledgeCancel(runner.db, lease)))
    log.info('job cancelled');
  else log.warn('lease lost; attempt discarded');
}

/**
 * Exponential backoff, with jitter, so that jobs that failed together are not retried together. Attempts that did not
 * count, and those before a manual retry, do not lengthen the delay: `maxAttempts` of the job grew with each of them.
 */
function retryDelaySeconds({ kind, attempt, maxAttempts }: Claimed): number {
  const { retry, maxAttempts: allowed } = jobKinds[kind];
  const failed = Math.max(1, allowed - (maxAttempts - attempt));
  return jittered(Math.min(retry.baseSeconds * 2 ** (failed - 1), retry.maxSeconds));
}

const jittered = (seconds: number) => seconds * (0.75 + Math.random() / 2);

const stopped: JobError = {
  code: 'worker_stopped',
  message: 'The worker was stopped; another worker continues the job.',
};
const outage: JobError = {
  code: 'unavailable',
  message: 'A service that the job needs is unavailable; the job continues when it is available again.',
};

/** The reason that users see. The message of an unexpected error goes to the log only. */
function describe(error: unknown): JobError {
  if (error instanceof JobFailure) return { code: error.code, message: error.message };
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: 'internal',
    message: `The attempt failed unexpectedly (${name}); the details are in the worker's log.`,
  };
}
