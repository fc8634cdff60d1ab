import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from './log.ts';
import { toOutage } from './outage.ts';

const pauseMilliseconds = 1000;

/**
 * Does what a process begins with, again and again while something that it needs is away. To end instead would be to be
 * started again by an orchestrator, which waits for longer with each time.
 */
export async function startWithRetries<T>(log: Logger, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!toOutage(error)) throw error;
      log.warn({ err: error }, 'not started yet: something that it needs is away');
      await wait(pauseMilliseconds);
    }
  }
}
