import type { Bucket, Db, JobBus } from '@portfolio/core/context';
import { jobKinds } from '@portfolio/core/job/kinds';
import type { JobError } from '@portfolio/core/job/schemas';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { randomUUID } from 'node:crypto';
import { type Handler, PermanentError, TemporaryError } from './handler.ts';
import type { Handlers } from './handlers/index.ts';
import { JobCancelled, LeaseLost, watchLease } from './watch-lease.ts';
import { createProgress } from './progress.ts';

export type Runner = {
  db: Db;
  /** For analytical reads; left out, they go to `db`. */
  reader?: Db;
  bucket: Bucket;
  jobBus: JobBus;
  log: Logger;
  handlers: Handlers;
  leaseSeconds: number;
  retrySeconds: number;
};

type Claimed = NonNullable<Awaited<ReturnType<typeof transitions.claim>>>;

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
  const { db, jobBus } = runner;
  const lease: Lease = { id: jobId, token: randomUUID() };
  using watch = watchLease(runner, lease);
  const job = await transitions.claim(db, lease, runner.leaseSeconds);
  if (!job) return;
  const hint = () => jobBus.publish({ jobId, portfolioId: job.portfolioId });
  hint();
  const log = runner.log.child({ jobId, attempt: job.attempt, kind: job.kind });
  watch.keep({ ...runner, log }, keepHidden);
  try {
    const result = await attempt(runner, job, lease, AbortSignal.any([watch.signal, stop]), hint);
    const succeeded = await transitions.succeed(db, lease, result);
    if (succeeded) log.info({ result }, 'job succeeded');
    else await letGo(runner, lease, log);
  } catch (error) {
    await settle(runner, job, lease, watch.signal.aborted ? watch.signal.reason : error, stop.aborted, log);
  }
  hint();
}

async function attempt(runner: Runner, job: Claimed, lease: Lease, signal: AbortSignal, hint: () => void) {
  const payload = jobKinds[job.kind].payload.safeParse(job.payload);
  if (!payload.success)
    throw new PermanentError('invalid_payload', 'The job was asked for with data it cannot use.');
  const handler = (await runner.handlers[job.kind]()) as Handler<typeof job.kind>;
  const progress = createProgress(async (at) => {
    if (!(await transitions.progress(runner.db, lease, at))) throw new LeaseLost();
    hint();
  });
  try {
    return await handler(payload.data, {
      db: runner.db,
      reader: runner.reader ?? runner.db,
      bucket: runner.bucket,
      job,
      signal,
      progress: progress.report,
    });
  } finally {
    await progress.stop();
  }
}

/** Ends an attempt that did not succeed: for good, for now, or without a word where the lease is gone. */
async function settle(
  runner: Runner,
  job: Claimed,
  lease: Lease,
  error: unknown,
  stopping: boolean,
  log: Logger,
) {
  if (error instanceof LeaseLost || error instanceof JobCancelled) return letGo(runner, lease, log);
  const { db } = runner;
  const reason = describe(error, stopping);
  const final = !stopping && (error instanceof PermanentError || job.attempt >= job.maxAttempts);
  log.warn({ err: error, final }, 'attempt did not succeed');
  const delaySeconds = stopping
    ? 0
    : runner.retrySeconds * 2 ** (job.attempt - 1) * (0.75 + Math.random() / 2);
  const settled = final
    ? await transitions.fail(db, lease, reason)
    : await transitions.retry(db, lease, reason, delaySeconds);
  if (!settled) await letGo(runner, lease, log);
}

/** Ends an attempt whose result or failure is not wanted: the job was cancelled, or is another's by now. */
async function letGo({ db }: Runner, lease: Lease, log: Logger) {
  if (await transitions.obeyCancel(db, lease)) log.info('job cancelled');
  else log.warn('lease lost: the attempt counts for nothing');
}

/** The reason that the one who asked may see; what was not foreseen keeps its text for the log. */
function describe(error: unknown, stopping: boolean): JobError {
  if (stopping)
    return { code: 'worker_stopped', message: 'The worker was stopped; the job goes on with another.' };
  if (error instanceof PermanentError || error instanceof TemporaryError) {
    return { code: error.code, message: error.message };
  }
  const name = error instanceof Error ? error.name : typeof error;
  return {
    code: 'internal',
    message: `The attempt failed unexpectedly (${name}); the operators have the details.`,
  };
}
