import type { Logger } from '@portfolio/core/runtime/log';
import type { Queue, Received } from '@portfolio/core/runtime/queue';
import { sql } from 'drizzle-orm';
import { setTimeout as wait } from 'node:timers/promises';
import type { ConcurrencyLimit } from './concurrency-limit.ts';
import { type Runner, putBack, runJob } from './run-job.ts';

const pauseAfterErrorMilliseconds = 1000;

type Slot = Runner & { queue: Queue; room: ConcurrencyLimit; pollSeconds: number; log: Logger };

/**
 * One slot: takes a message, works on its job, removes the message, again and again until `draining`.
 * A poll is never cut off: the queue would hide a message that nobody got.
 */
export async function consume(slot: Slot, draining: AbortSignal, stop: AbortSignal): Promise<void> {
  const { db, queue, pollSeconds, leaseSeconds, log } = slot;
  while (!draining.aborted) {
    try {
      // With the database away, a message that is taken only comes nearer to the dead-letter queue.
      await db.execute(sql`select 1`);
      const message = await queue.receive(pollSeconds, leaseSeconds);
      if (!message) continue;
      // What the last poll brought is left to others, at once.
      if (draining.aborted) return await queue.extend(message, 0);
      await handleMessage(slot, message, draining, stop);
      await queue.remove(message);
    } catch (error) {
      log.warn({ err: error }, 'queue or database is away');
      await wait(pauseAfterErrorMilliseconds, undefined, { signal: draining }).catch(() => {});
    }
  }
}

async function handleMessage(
  slot: Slot,
  message: Received,
  draining: AbortSignal,
  stop: AbortSignal,
): Promise<void> {
  const { queue, room, leaseSeconds, log } = slot;
  if (!message.job) return log.error('a message could not be read and was removed');
  const { jobId, kind } = message.job;
  using place = await room(kind);
  // It may have been waited for.
  if (!place || draining.aborted) return putBack(slot, jobId);
  await runJob(slot, jobId, () => queue.extend(message, leaseSeconds), stop);
}
