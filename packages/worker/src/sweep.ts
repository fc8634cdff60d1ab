import type { Db, JobBus } from '@portfolio/core/context';
import { transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import type { Queue } from '@portfolio/core/runtime/queue';
import { settleFailedDeliveries } from '@portfolio/core/webhook/attempts';
import { fanOutEvents } from '@portfolio/core/webhook/fan-out';
import { relayOutbox } from '@portfolio/core/runtime/relay';
import { setTimeout as wait } from 'node:timers/promises';

/** A queued job whose message was sent so long ago gets another: the claim makes a second one harmless. */
const silentSeconds = 300;

/**
 * Sees to what was left behind, again and again until `stop`: leases of workers that are gone, retries that are
 * due, messages that were never sent, events that webhooks wait for. Any number of workers may sweep at once.
 */
export async function sweep(
  {
    db,
    queue,
    jobBus,
    log,
    sweepSeconds,
  }: { db: Db; queue: Queue; jobBus: JobBus; log: Logger; sweepSeconds: number },
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    try {
      for (const { id, portfolioId } of await transitions.reapLost(db)) {
        log.warn({ jobId: id }, 'a worker was lost with this job');
        jobBus.publish({ jobId: id, portfolioId });
      }
      await tellWebhooks(db, jobBus);
      await transitions.ringDue(db, silentSeconds);
      while ((await relayOutbox(db, queue)) > 0);
    } catch (error) {
      log.warn({ err: error }, 'sweep failed; it comes again');
    }
    await wait(sweepSeconds * 1000, undefined, { signal: stop }).catch(() => {});
  }
}

/** Makes jobs of what happened and webhooks want to know, and settles those that could not be told. */
async function tellWebhooks(db: Db, jobBus: JobBus): Promise<void> {
  let taken: number;
  do {
    const { events, jobs } = await fanOutEvents(db);
    for (const job of jobs) jobBus.publish(job);
    taken = events;
  } while (taken > 0);
  await settleFailedDeliveries(db);
}
