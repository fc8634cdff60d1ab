import type { Logger } from './log.ts';
import { toOutage } from './outage.ts';

/**
 * Keeps a process alive where an outage rejects a promise that nobody waits for, as postgres.js leaves one behind when a
 * connection breaks off in its first moments. Anything else that nobody waits for ends it, as an uncaught exception.
 */
export function ignoreUnhandledOutages(log: Logger): void {
  process.on('unhandledRejection', (error) => {
    if (!toOutage(error)) throw error;
    log.warn({ err: error }, 'an outage that nobody waited for');
  });
}
