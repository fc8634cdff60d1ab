import { toOutage } from '@portfolio/core/runtime/outage';
import type { Logger } from '@portfolio/core/runtime/log';
import { setTimeout as wait } from 'node:timers/promises';

const pauseMilliseconds = 500;

/**
 * Writes the end of an attempt, with retries while the database is unavailable: no worker can claim the job meanwhile,
 * and after a claim the write affects nothing. After `stop`, it retries for the length of a lease at most.
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
      log.warn({ err: error }, 'end of attempt not stored; retrying');
      await wait(pauseMilliseconds);
    }
  }
}
