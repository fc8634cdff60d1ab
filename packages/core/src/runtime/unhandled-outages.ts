import type { Logger } from './log.ts';
import { toOutage } from './outage.ts';

/**
 * Logs unhandled rejections that are outages instead of exiting: postgres.js leaves such a promise behind when a
 * connection is lost right after it was opened. Other unhandled rejections end the process.
 */
export function ignoreUnhandledOutages(log: Logger): void {
  process.on('unhandledRejection', (error) => {
    if (!toOutage(error)) throw error;
    log.warn({ err: error }, 'unhandled rejection caused by an outage');
  });
}
