import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from './log.ts';
import { toOutage } from './outage.ts';
import { isRefusedByPooler, poolerHelp } from './pooler.ts';

const pauseMilliseconds = 1000;

/**
 * Runs the start of a process, and retries it while a dependency is unavailable. If the process exited instead, an
 * orchestrator would restart it with growing delays.
 */
export async function startWithRetries<T>(log: Logger, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (isRefusedByPooler(error)) log.error({ err: error }, poolerHelp);
      if (!toOutage(error)) throw error;
      log.warn({ err: error }, 'a dependency is unavailable; the start will be retried');
      await wait(pauseMilliseconds);
    }
  }
}
