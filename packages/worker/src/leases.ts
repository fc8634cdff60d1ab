import type { Db, JobBus } from '@portfolio/core/context';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { DependencyUnavailable } from '@portfolio/core/runtime/outage';

/** The number of renewals within the length of a lease. */
const renewalsPerLease = 3;

/** Another worker may have claimed the job: the attempt must write nothing more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** A user cancelled the job. */
export class JobCancelled extends Error {
  override readonly name = 'JobCancelled';

  constructor() {
    super('The job was cancelled.');
  }
}

/** An attempt takes longer than its kind allows. */
export class TimeLimitExceeded extends Error {
  override readonly name = 'TimeLimitExceeded';
}

/** The worker stops before the attempt is finished: another one continues the job. */
export class WorkerStopped extends Error {
  override readonly name = 'WorkerStopped';
}

type Held = { lease: Lease; ended: AbortController; leasedUntil: number; timeLimitAt: number };

export type Leases = ReturnType<typeof createLeases>;

/**
 * Renews the leases of all attempts of this process together: after every third of their time, and when a cancellation is
 * announced. The signal of an attempt fires with one of the errors above when the attempt has to end, or with
 * `DependencyUnavailable` where the database is the cause. An attempt that ignores it is no longer renewed: the reaper ends
 * it.
 */
export function createLeases(
  {
    pipelineDb: db,
    jobBus,
    log,
    leaseSeconds,
  }: { pipelineDb: Db; jobBus: JobBus; log: Logger; leaseSeconds: number },
  stop: AbortSignal,
) {
  const held = new Map<string, Held>();
  const over = new AbortController();
  const leaseMilliseconds = leaseSeconds * 1000;
  let unanswered = 0;
  let claiming: Promise<unknown> | undefined;
  const cancels = jobBus.subscribe(
    (hint) => hint.cancels === true && (claiming !== undefined || held.has(hint.jobId)),
    over.signal,
  );

  async function renew() {
    const requestedAt = performance.now();
    const renewing = [...held.values()].filter(({ ended }) => !ended.signal.aborted);
    if (renewing.length === 0) return;
    try {
      const leases = renewing.map(({ lease }) => lease);
      const found = await transitions.heartbeat(db, leases, leaseSeconds);
      unanswered = 0;
      const stillHeld = new Map(found.map((one) => [one.id, one]));
      for (const one of renewing) {
        const job = stillHeld.get(one.lease.id);
        if (!job) one.ended.abort(new LeaseLost());
        else if (job.isCancelled) one.ended.abort(new JobCancelled());
        else if (job.isRenewed) one.leasedUntil = requestedAt + leaseMilliseconds;
      }
    } catch (error) {
      log.warn({ err: error, leases: renewing.length }, 'heartbeat failed');
      endExpired();
    }
  }

  function endExpired() {
    const now = performance.now();
    // A process that was frozen has sent too few requests to blame the database: its attempts count.
    const isUnavailable = unanswered >= renewalsPerLease - 1;
    for (const { ended, leasedUntil, timeLimitAt } of held.values()) {
      if (now >= leasedUntil)
        ended.abort(isUnavailable ? new DependencyUnavailable('The database') : new LeaseLost());
      else if (now >= timeLimitAt) ended.abort(new TimeLimitExceeded());
    }
  }

  async function followCancels() {
    for await (const _ of cancels) {
      // The job of a claim in progress may be the one that was cancelled.
      await claiming;
      await renew();
    }
  }

  const timer = setInterval(() => {
    // An unresponsive server does not even refuse the connection.
    endExpired();
    unanswered += held.size > 0 ? 1 : 0;
    void renew();
  }, leaseMilliseconds / renewalsPerLease).unref();
  stop.addEventListener('abort', () => {
    for (const { ended } of held.values()) ended.abort(new WorkerStopped());
  });
  void followCancels();

  return {
    /** Runs a claim. Its jobs have to be held before the next turn of the event loop. */
    async whileClaiming<Result>(claim: () => Promise<Result>): Promise<Result> {
      const result = claim();
      claiming = result.then(
        () => new Promise(setImmediate),
        () => {},
      );
      try {
        return await result;
      } finally {
        claiming = undefined;
      }
    },

    /** Holds the lease of an attempt until it is disposed. `requestedAt`: when it was claimed, by `performance.now()`. */
    hold(lease: Lease, requestedAt: number, timeLimitSeconds: number): { signal: AbortSignal } & Disposable {
      const ended = new AbortController();
      const timeLimitAt = requestedAt + timeLimitSeconds * 1000;
      const one = { lease, ended, leasedUntil: requestedAt + leaseMilliseconds, timeLimitAt };
      // Of an earlier attempt in this process, whose lease was lost unnoticed.
      held.get(lease.id)?.ended.abort(new LeaseLost());
      held.set(lease.id, one);
      if (stop.aborted) ended.abort(new WorkerStopped());
      return {
        signal: ended.signal,
        [Symbol.dispose]() {
          if (held.get(lease.id) === one) held.delete(lease.id);
        },
      };
    },

    close() {
      clearInterval(timer);
      over.abort();
      cancels[Symbol.dispose]();
    },
  };
}
