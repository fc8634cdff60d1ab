import type { Logger } from '@portfolio/core/runtime/log';
import type { Queue, Received } from '@portfolio/core/runtime/queue';
import { sql } from 'drizzle-orm';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import { type Runner, putBack, runJob } from './run-job.ts';

const pauseAfterErrorMilliseconds = 1000;

type Consumer = Runner & { queue: Queue; acquireSlot: ConcurrencyLimit; pollSeconds: number; log: Logger };

/**
 * Receives a message, runs its job and removes the message, repeatedly until `draining`. Never aborts a poll: the queue
 * would hide a message that nobody received.
 */
export async function consume(consumer: Consumer, draining: AbortSignal, stop: AbortSignal): Promise<void> {
  const { db, queue, pollSeconds, leaseSeconds, log } = consumer;
  while (!draining.aborted) {
    try {
      // While the database is unavailable, receiving a message only brings it closer to the dead-letter queue.
      await db.execute(sql`select 1`);
      const message = await queue.receive(pollSeconds, leaseSeconds);
      if (!message) continue;
      // Draining began during the poll: make the message visible to other workers immediately.
      if (draining.aborted) return await queue.extend(message, 0);
      await handleMessage(consumer, message, draining, stop);
      await queue.remove(message);
    } catch (error) {
      log.warn({ err: error }, 'queue or database is unavailable');
      await wait(pauseAfterErrorMilliseconds, undefined, { signal: draining }).catch(() => {});
    }
  }
}

async function handleMessage(
  consumer: Consumer,
  message: Received,
  draining: AbortSignal,
  stop: AbortSignal,
): Promise<void> {
  const { queue, acquireSlot, leaseSeconds, log } = consumer;
  if (!message.job) return log.error('malformed message removed');
  const { jobId, kind } = message.job;
  using slot = await acquireSlot(kind);
  // Draining may have begun while this waited for the slot.
  if (!slot || draining.aborted) return putBack(consumer, jobId);
  await runJob(consumer, jobId, () => queue.extend(message, leaseSeconds), stop);
}
