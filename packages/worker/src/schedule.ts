import type { Bucket, Db, Encryption, JobBus, WakeUps } from '@portfolio/core/context';
import type { Logger } from '@portfolio/core/runtime/log';
import {
  type ClaimedRun,
  claimRun,
  endRun,
  failRun,
  extendRun,
  registerTasks,
  releaseRun,
} from '@portfolio/core/schedule/runs';
import type { Task } from '@portfolio/core/schedule/task';
import { schedule } from '@portfolio/core/telemetry/contract';
import { type Span, markFailed, runIn, startSpan } from '@portfolio/core/telemetry/trace';
import { setTimeout as wait } from 'node:timers/promises';

/** A longer run is aborted and continues later where it stopped: bounds a run that hangs. */
const timeLimitSeconds = 600;

type Scheduler = {
  db: Db;
  reader: Db;
  bucket: Bucket;
  jobBus: JobBus;
  wakeUps: WakeUps;
  encryption: Encryption;
  log: Logger;
  tasks: readonly Task[];
  leaseSeconds: number;
  pollSeconds: number;
};

/**
 * Runs each task when it is due, until `stop`, which also releases the running ones. Any number of workers may do so
 * concurrently: one of them runs a task at a time. A task that fails or takes long does not delay the others.
 */
export async function startSchedule(scheduler: Scheduler, stop: AbortSignal): Promise<void> {
  const { db, log, tasks, leaseSeconds, pollSeconds } = scheduler;
  const running = new Set<Promise<void>>();
  let isRegistered = false;
  while (!stop.aborted) {
    try {
      if (!isRegistered) await registerTasks(db, tasks);
      isRegistered = true;
      for (let run; !stop.aborted && (run = await claimRun(db, tasks, leaseSeconds));) {
        const done: Promise<void> = work(scheduler, run, stop).finally(() => running.delete(done));
        running.add(done);
      }
    } catch (error) {
      log.warn({ err: error }, 'schedule could not be read; it will be retried');
    }
    // A finished task may be due again immediately: missed periods run one after the other.
    const woken = new AbortController();
    const pause = wait(pollSeconds * 1000, undefined, { signal: AbortSignal.any([stop, woken.signal]) });
    await Promise.race([pause.catch(() => {}), ...running]);
    woken.abort();
  }
  await Promise.all(running);
}

/** Runs a task, in a trace of its own. */
async function work(scheduler: Scheduler, run: ClaimedRun, stop: AbortSignal): Promise<void> {
  const beganAt = performance.now();
  const outcome = await runIn(startSpan(`task ${run.name}`), async (span) => {
    const found = await perform(scheduler, run, stop, span);
    span.setAttribute('task.outcome', found);
    return found;
  });
  schedule.runs.record((performance.now() - beganAt) / 1000, { task: run.name, outcome });
}

async function perform(scheduler: Scheduler, run: ClaimedRun, stop: AbortSignal, span: Span) {
  const { db, reader, bucket, jobBus, wakeUps, encryption, leaseSeconds } = scheduler;
  const { task, period } = run;
  const log = scheduler.log.child({ task: task.name, period, failures: run.failures - 1 });
  using lease = keepLease(scheduler, run);
  const signal = AbortSignal.any([stop, lease.signal, AbortSignal.timeout(timeLimitSeconds * 1000)]);
  // A task that ignores its signal gets no more time.
  signal.addEventListener('abort', () => lease[Symbol.dispose]());
  try {
    signal.throwIfAborted();
    const count = await task.run({ db, reader, bucket, jobBus, wakeUps, encryption, log, period, signal });
    if (!(await endRun(db, run))) {
      log.warn('task was taken over by another worker; run discarded');
      return 'lost';
    }
    if (count > 0) log.info({ count }, 'task done');
    return 'done';
  } catch (error) {
    if (stop.aborted) {
      await release(log, () => releaseRun(db, run));
      return 'released';
    }
    markFailed(span, error);
    log.warn({ err: error }, 'task failed; it will be retried');
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    await release(log, () => failRun(db, run, reason.slice(0, 500), leaseSeconds));
    return 'failed';
  }
}

/** Releases a run. If the database is unavailable, the lease expires instead. */
async function release(log: Logger, write: () => Promise<boolean>): Promise<void> {
  await write().catch((error: unknown) => log.warn({ err: error }, 'task not released'));
}

/** Renews the lease of a run at every third of it. `signal` fires when another worker may have taken the run over. */
function keepLease({ db, leaseSeconds, log }: Scheduler, run: ClaimedRun) {
  const leaseMilliseconds = leaseSeconds * 1000;
  const lost = new AbortController();
  let leasedUntil = performance.now() + leaseMilliseconds;

  async function renew() {
    const requestedAt = performance.now();
    try {
      const isRenewed = await extendRun(db, run, leaseSeconds);
      if (isRenewed) leasedUntil = requestedAt + leaseMilliseconds;
      else lost.abort(new Error('The lease of the run is lost.'));
    } catch (error) {
      log.warn({ err: error, task: run.name }, 'lease of a run not renewed');
      if (performance.now() >= leasedUntil) lost.abort(error);
    }
  }

  const timer = setInterval(() => void renew(), leaseMilliseconds / 3);
  return { signal: lost.signal, [Symbol.dispose]: () => clearInterval(timer) };
}
