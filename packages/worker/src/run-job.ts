import type { Bucket, Db, JobBus, WakeUps } from '@portfolio/core/context';
import { jobKinds } from '@portfolio/core/job/kinds';
import type { JobError } from '@portfolio/core/job/schemas';
import { readPayload } from '@portfolio/core/job/stored';
import {
  type Claimed,
  type Lease,
  type Outcome,
  transitions,
  unreadablePayload,
} from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { toOutage } from '@portfolio/core/runtime/outage';
import { withSpan } from '@portfolio/core/telemetry/trace';
import { beginAttempt } from './attempt.ts';
import type { Ends } from './ends.ts';
import { type Handler, JobFailure, NotYetError, PermanentError } from './handler.ts';
import type { Handlers } from './handlers/index.ts';
import { JobCancelled, LeaseLost, type Leases, TimeLimitExceeded, WorkerStopped } from './leases.ts';
import { createProgress } from './progress.ts';

export type Runner = {
  db: Db;
  /** For the transitions of jobs, which must not wait for a connection that a handler holds. */
  pipelineDb: Db;
  /** For analytical reads; `db` by default. */
  reader?: Db;
  bucket: Bucket;
  wakeUps: WakeUps;
  jobBus: JobBus;
  log: Logger;
  handlers: Handlers;
  leases: Leases;
  ends: Ends;
  leaseSeconds: number;
  /** Multiplies the delays between attempts. */
  retryFactor: number;
};

/** The delay before the next attempt after an outage; meanwhile the circuit breakers probe the dependency. */
const outageSeconds = 5;
/** A payload that nobody can read for this long makes its job fail: rollouts take less. */
const unreadableSeconds = 3600;

/**
 * Runs a claimed job and stores how it ends; `worked` is called in between. When `stop` fires, the attempt ends and the job
 * is queued again.
 */
export async function runJob(
  runner: Runner,
  job: Claimed,
  { token, requestedAt }: { token: string; requestedAt: number },
  stop: AbortSignal,
  worked: () => void = () => {},
): Promise<void> {
  const { id, kind, portfolioId, attempt } = job;
  const lease: Lease = { id, token };
  using held = runner.leases.hold(lease, requestedAt, jobKinds[kind].timeLimitSeconds);
  const hint = () => runner.jobBus.publish({ jobId: id, portfolioId });
  hint();
  const reported = beginAttempt(job, runner.log);
  let thrown: unknown;
  const outcome = await withSpan(reported.span, () =>
    work(runner, { ...job, traceparent: reported.traceparent }, { lease, signal: held.signal, hint }),
  ).then(
    (result): Outcome => ({ type: 'succeeded', result }),
    (error: unknown) => {
      thrown = held.signal.aborted ? held.signal.reason : error;
      return outcomeOf(runner, job, thrown);
    },
  );
  worked();
  try {
    if (outcome === 'discarded' || !(await runner.ends.store(lease, attempt, outcome, stop)))
      reported.end({ outcome: await discardAttempt(runner, lease, stop), error: thrown });
    else reported.end({ outcome: outcome.type, code: errorOf(outcome)?.code, error: thrown });
  } catch (error) {
    // The lease expires, and the reaper queues the job again.
    reported.end({ outcome: 'discarded', error, isStored: false });
  }
  hint();
}

async function work(
  runner: Runner,
  job: Claimed & { traceparent: string },
  { lease, signal, hint }: { lease: Lease; signal: AbortSignal; hint: () => void },
) {
  const payload = await payloadOf(runner, job);
  const handler = (await runner.handlers[job.kind]()) as Handler<typeof job.kind>;
  const progress = createProgress(async (at) => {
    if (!(await transitions.progress(runner.pipelineDb, lease, at))) throw new LeaseLost();
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

/** A newer release may be able to read the payload: the job is left to it, for an hour. */
async function payloadOf({ pipelineDb }: Runner, { id, kind, payload }: Claimed) {
  try {
    return readPayload(kind, payload);
  } catch {
    const seconds = await transitions.unreadableSeconds(pipelineDb, id);
    const isOld = seconds > unreadableSeconds;
    if (isOld) throw new PermanentError(unreadablePayload, 'No worker could read the payload of the job.');
    throw new NotYetError(
      unreadablePayload,
      'This worker cannot read the payload of the job; another release may.',
    );
  }
}

const errorOf = (outcome: Outcome) => ('error' in outcome ? outcome.error : undefined);

const postponed = (reason: JobError, delaySeconds: number): Outcome => ({
  type: 'postponed',
  error: reason,
  delaySeconds,
});

/** How an attempt ends that threw this error; without a lease, or if it was cancelled, it is discarded. */
function outcomeOf(runner: Runner, job: Claimed, error: unknown): Outcome | 'discarded' {
  if (error instanceof LeaseLost || error instanceof JobCancelled) return 'discarded';
  if (error instanceof WorkerStopped) return postponed(stopped, 0);
  const later = jittered(outageSeconds * runner.retryFactor);
  if (error instanceof NotYetError) return postponed(describe(error), later);
  if (!(error instanceof JobFailure) && toOutage(error)) return postponed(unavailable, later);
  const final = error instanceof PermanentError || job.attempt >= job.maxAttempts;
  return final
    ? { type: 'failed', error: describe(error) }
    : {
        type: 'retrying',
        error: describe(error),
        delaySeconds: retryDelaySeconds(job) * runner.retryFactor,
      };
}

/** Discards an attempt whose job was cancelled, or claimed by another worker in the meantime. */
async function discardAttempt({ pipelineDb: db, ends }: Runner, lease: Lease, stop: AbortSignal) {
  const isCancelled = await ends.persist(() => transitions.acknowledgeCancel(db, lease), stop);
  return isCancelled ? 'cancelled' : 'discarded';
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
export const unavailable: JobError = {
  code: 'unavailable',
  message: 'A service that the job needs is unavailable; the job continues when it is available again.',
};

/** The reason that users see. The message of an unexpected error goes to the log only. */
function describe(error: unknown): JobError {
  if (error instanceof JobFailure) return { code: error.code, message: error.message };
  if (error instanceof TimeLimitExceeded)
    return { code: 'time_limit', message: 'The attempt took longer than jobs of its kind may take.' };
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: 'internal',
    message: `The attempt failed unexpectedly (${name}); the details are in the worker's log.`,
  };
}
