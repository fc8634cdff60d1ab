import type { Bucket, Db, JobBus } from '@portfolio/core/context';
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
import { setTimeout as wait } from 'node:timers/promises';

/** A run that takes longer is cut off and goes on, later, where it was: a bound for what hangs. */
const timeLimitSeconds = 600;

type Scheduler = {
  db: Db;
  bucket: Bucket;
  jobBus: JobBus;
  log: Logger;
  tasks: readonly Task[];
  leaseSeconds: number;
  pollSeconds: number;
};

/**
 * Runs each task when it is due, until `stop`, and then lets go of those that run. Any number of workers may do so at
 * once: each task is run by one of them at a time. One that fails or takes long keeps no other from running.
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
      log.warn({ err: error }, 'schedule cannot be read; it is tried again');
    }
    // What has just ended may be due again: missed periods come one after the other.
    const woken = new AbortController();
    const pause = wait(pollSeconds * 1000, undefined, { signal: AbortSignal.any([stop, woken.signal]) });
    await Promise.race([pause.catch(() => {}), ...running]);
    woken.abort();
  }
  await Promise.all(running);
}

async function work(scheduler: Scheduler, run: ClaimedRun, stop: AbortSignal): Promise<void> {
  const { db, bucket, jobBus, leaseSeconds } = scheduler;
  const { task, period } = run;
  const log = scheduler.log.child({ task: task.name, period, failures: run.failures - 1 });
  using lease = hold(scheduler, run);
  const signal = AbortSignal.any([stop, lease.signal, AbortSignal.timeout(timeLimitSeconds * 1000)]);
  // What does not handleMessage its signal is not given more time.
  signal.addEventListener('abort', () => lease[Symbol.dispose]());
  try {
    signal.throwIfAborted();
    const count = await task.run({ db, bucket, jobBus, period, signal });
    if (!(await endRun(db, run))) log.warn('task was taken over: this run counts for nothing');
    else if (count > 0) log.info({ count }, 'task done');
  } catch (error) {
    if (stop.aborted) return discardAttempt(log, () => releaseRun(db, run));
    log.warn({ err: error }, 'task failed; it is tried again later');
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    await discardAttempt(log, () => failRun(db, run, reason.slice(0, 500), leaseSeconds));
  }
}

/** Where the database is away, the lease runs out by itself. */
async function discardAttempt(log: Logger, release: () => Promise<boolean>): Promise<void> {
  await release().catch((error: unknown) => log.warn({ err: error }, 'task is not released'));
}

/** Renews a run's lease every third of it. `signal` fires when it may be another's by now. */
function hold({ db, leaseSeconds, log }: Scheduler, run: ClaimedRun) {
  const leaseMilliseconds = leaseSeconds * 1000;
  const lost = new AbortController();
  let heldUntil = performance.now() + leaseMilliseconds;

  async function renew() {
    const asked = performance.now();
    try {
      const isHeld = await extendRun(db, run, leaseSeconds);
      if (isHeld) heldUntil = asked + leaseMilliseconds;
      else lost.abort(new Error('The lease of the run is lost.'));
    } catch (error) {
      log.warn({ err: error, task: run.name }, 'lease of a run is not renewed');
      if (performance.now() >= heldUntil) lost.abort(error);
    }
  }

  const timer = setInterval(() => void renew(), leaseMilliseconds / 3);
  return { signal: lost.signal, [Symbol.dispose]: () => clearInterval(timer) };
}
