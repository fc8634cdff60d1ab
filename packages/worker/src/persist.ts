import { toOutage } from '@portfolio/core/runtime/outage';
import type { Logger } from '@portfolio/core/runtime/log';
import { setTimeout as wait } from 'node:timers/promises';

const pauseMilliseconds = 500;

/**
 * Writes how an attempt ended, again and again while the database is away: nobody can take the job meanwhile, and once
 * somebody has, the guard of the write refuses it. When `stop` has fired, for no longer than a lease.
 */
export async function persist<Row>(
  { leaseSeconds, log }: { leaseSeconds: number; log: Logger },
  stop: AbortSignal,
  write: () => Promise<Row>,
): Promise<Row> {
  const until = performance.now() + leaseSeconds * 1000;
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!toOutage(error) || (stop.aborted && performance.now() >= until)) throw error;
      log.warn({ err: error }, 'the end of an attempt could not be written yet');
      await wait(pauseMilliseconds);
    }
  }
}
