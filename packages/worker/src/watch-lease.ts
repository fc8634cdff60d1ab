import type { Db, JobBus } from '@portfolio/core/context';
import { type Lease, transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { DependencyUnavailable } from '@portfolio/core/runtime/outage';

/** How often a lease is renewed within its time. */
const renewalsPerLease = 3;

/** Says that the attempt is no longer ours: nothing may be written for it. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Says that somebody wants the job no more. */
export class JobCancelled extends Error {
  override readonly name = 'JobCancelled';

  constructor() {
    super('The job was cancelled.');
  }
}

/**
 * Watches over an attempt from its claim on. `signal` fires with `LeaseLost` when the lease is gone or may be, with
 * `DependencyUnavailable` when it may be because the database is away, and with `JobCancelled` when a cancel was requested.
 * Make it before the claim, so that no hint of a cancel falls between.
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
  // A handler that does not handleMessage its signal is not given more time: the reaper ends its attempt.
  ended.signal.addEventListener('abort', stop);

  return {
    signal: ended.signal,

    /** Renews lease and message every third of the lease, and looks at once where a hint says so. */
    keep(
      { db, leaseSeconds, log }: { db: Db; leaseSeconds: number; log: Logger },
      keepHidden: () => Promise<void>,
    ) {
      const leaseMilliseconds = leaseSeconds * 1000;
      let heldUntil = performance.now() + leaseMilliseconds;
      let unanswered = 0;

      /** A process that was frozen has not asked often enough to blame the database: its attempt counts. */
      function endIfExpired() {
        if (performance.now() < heldUntil) return;
        const isUnavailable = unanswered >= renewalsPerLease - 1;
        ended.abort(isUnavailable ? new DependencyUnavailable('The database') : new LeaseLost());
      }

      async function renew() {
        const asked = performance.now();
        try {
          const held = await transitions.heartbeat(db, lease, leaseSeconds);
          if (!held) return ended.abort(new LeaseLost());
          heldUntil = asked + leaseMilliseconds;
          unanswered = 0;
          if (held.cancelRequestedAt !== null) ended.abort(new JobCancelled());
        } catch (error) {
          log.warn({ err: error }, 'heartbeat failed');
          endIfExpired();
        }
      }

      async function listen() {
        for await (const _ of cancels) await renew();
      }

      timer = setInterval(() => {
        // A server that is mute does not even refuse.
        endIfExpired();
        unanswered += 1;
        void renew();
        // A message that is no longer ours does no harm: the lease alone says whose the job is.
        keepHidden().catch((error: unknown) => log.warn({ err: error }, 'message is not hidden'));
      }, leaseMilliseconds / renewalsPerLease);
      void listen();
    },

    [Symbol.dispose]: stop,
  };
}
