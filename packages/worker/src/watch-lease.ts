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

/**
 * Watches the lease of an attempt. `signal` fires with `LeaseLost` when the lease is or may be lost, with
 * `DependencyUnavailable` if the unavailable database is the cause, and with `JobCancelled` when a cancel was requested.
 * Create it before the claim, so that no hint about a cancel is missed.
 */
export function watchLease({ jobBus }: { jobBus: JobBus }, lease: Lease) {
  const ended = new AbortController();
  const over = new AbortController();
  const cancels = jobBus.subscribe((hint) => hint.cancels === true && hint.jobId === lease.id, over.signal);
  let timer: NodeJS.Timeout | undefined;

  function stop() {
    clearInterval(timer);
    over.abort();
    cancels[Symbol.dispose]();
  }
  // A handler that ignores its signal gets no more time: the reaper ends its attempt.
  ended.signal.addEventListener('abort', stop);

  return {
    signal: ended.signal,

    /** Renews the lease and hides the message at every third of the lease, and immediately after a hint. */
    keep(
      { db, leaseSeconds, log }: { db: Db; leaseSeconds: number; log: Logger },
      keepHidden: () => Promise<void>,
    ) {
      const leaseMilliseconds = leaseSeconds * 1000;
      let leasedUntil = performance.now() + leaseMilliseconds;
      let unanswered = 0;

      /** A process that was frozen has sent too few requests to blame the database: its attempt counts. */
      function endIfExpired() {
        if (performance.now() < leasedUntil) return;
        const isUnavailable = unanswered >= renewalsPerLease - 1;
        ended.abort(isUnavailable ? new DependencyUnavailable('The database') : new LeaseLost());
      }

      async function renew() {
        const requestedAt = performance.now();
        try {
          const renewed = await transitions.heartbeat(db, lease, leaseSeconds);
          if (!renewed) return ended.abort(new LeaseLost());
          leasedUntil = requestedAt + leaseMilliseconds;
          unanswered = 0;
          if (renewed.cancelRequestedAt !== null) ended.abort(new JobCancelled());
        } catch (error) {
          log.warn({ err: error }, 'heartbeat failed');
          endIfExpired();
        }
      }

      async function listen() {
        for await (const _ of cancels) await renew();
      }

      timer = setInterval(() => {
        // An unresponsive server does not even refuse the connection.
        endIfExpired();
        unanswered += 1;
        void renew();
        // Losing the message is harmless: the lease alone decides which worker runs the job.
        keepHidden().catch((error: unknown) => log.warn({ err: error }, 'message not hidden'));
      }, leaseMilliseconds / renewalsPerLease);
      void listen();
    },

    [Symbol.dispose]: stop,
  };
}
