import type { Logger } from '@portfolio/core/runtime/log';
import type { Queue } from '@portfolio/core/runtime/queue';
import { setTimeout as wait } from 'node:timers/promises';
import { type Runner, runJob } from './run-job.ts';

const pauseAfterErrorMilliseconds = 1000;

/**
 * One slot: takes a message, works on its job, removes the message, again and again until `draining`.
 * A poll is never cut off: the queue would hide a message that nobody got.
 */
export async function consume(
  { queue, pollSeconds, log, ...runner }: Runner & { queue: Queue; pollSeconds: number; log: Logger },
  draining: AbortSignal,
  stop: AbortSignal,
): Promise<void> {
  while (!draining.aborted) {
    try {
      const message = await queue.receive(pollSeconds, runner.leaseSeconds);
      if (!message) continue;
      // What the last poll brought is left to others, at once.
      if (draining.aborted) return await queue.extend(message, 0);
      const keepHidden = () => queue.extend(message, runner.leaseSeconds);
      if (message.jobId) await runJob({ ...runner, log }, message.jobId, keepHidden, stop);
      else log.error('a message could not be read and was removed');
      await queue.remove(message);
    } catch (error) {
      log.warn({ err: error }, 'queue or database is away');
      await wait(pauseAfterErrorMilliseconds, undefined, { signal: draining }).catch(() => {});
    }
  }
}
