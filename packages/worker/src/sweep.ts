import type { Db, OutboxNotifier, JobBus } from '@portfolio/core/context';
import { dispatch, requeueLostMessages } from '@portfolio/core/job/dispatch';
import { transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { toOutage } from '@portfolio/core/runtime/outage';
import type { Queue } from '@portfolio/core/runtime/queue';
import { settleFailedDeliveries } from '@portfolio/core/webhook/attempts';
import { fanOutEvents } from '@portfolio/core/webhook/fan-out';
import { setTimeout as wait } from 'node:timers/promises';

/** A message counts as lost after this time, and the job gets another: the claim makes a duplicate harmless. */
const lostAfterSeconds = 300;

/** Further events and dead-letter messages wait for the next sweep, so that they do not delay the other steps. */
const maxBatches = 10;
const maxDeadLetters = 20;

type Sweeper = {
  db: Db;
  deadLetters: Queue;
  outboxNotifier: OutboxNotifier;
  jobBus: JobBus;
  log: Logger;
  leaseSeconds: number;
  sweepSeconds: number;
};

/**
 * Repairs and advances the pipeline periodically until `stop`: expired leases, due jobs, lost and unsent messages,
 * dead-letter messages, events for webhooks. Any number of workers may sweep concurrently.
 */
export async function sweep(sweeper: Sweeper, stop: AbortSignal): Promise<void> {
  const { db, outboxNotifier, log, leaseSeconds, sweepSeconds } = sweeper;
  // After an outage, workers get time to renew their leases before jobs count as lost. A start may follow an outage.
  let reapsFrom = 0;
  const reapLater = () => (reapsFrom = performance.now() + leaseSeconds * 1000);
  reapLater();

  /** A failed step does not prevent the others. */
  async function step(name: string, run: () => Promise<unknown>) {
    try {
      await run();
    } catch (error) {
      if (toOutage(error)) reapLater();
      log.warn({ err: error, step: name }, 'sweep step failed; it will be retried');
    }
  }
  while (!stop.aborted) {
    if (performance.now() >= reapsFrom) await step('reap', () => reap(sweeper));
    await step('requeue lost messages', () => requeueLostMessages(db, lostAfterSeconds));
    await step('dispatch', () => dispatch(db));
    outboxNotifier.notify();
    await step('notify webhooks', () => notifyWebhooks(sweeper));
    await step('handle dead letters', () => markDeadLetters(sweeper, stop));
    await wait(sweepSeconds * 1000, undefined, { signal: stop }).catch(() => {});
  }
}

async function reap({ db, jobBus, log }: Sweeper): Promise<void> {
  for (const { id, portfolioId, kind, state } of await transitions.reapLost(db)) {
    if (state === 'dead') log.error({ jobId: id, kind }, 'job marked dead: its workers were lost');
    else log.warn({ jobId: id }, 'worker lost; job queued again');
    jobBus.publish({ jobId: id, portfolioId });
  }
}

/** Marks jobs dead whose messages the queue moved to the dead-letter queue, having been received too often. */
async function markDeadLetters(
  { db, deadLetters, jobBus, leaseSeconds, log }: Sweeper,
  stop: AbortSignal,
): Promise<void> {
  for (let count = 0; count < maxDeadLetters && !stop.aborted; count++) {
    const message = await deadLetters.receive(0, leaseSeconds);
    if (!message) return;
    const dead = message.job && (await transitions.markUndeliveredDead(db, message.job.jobId));
    if (dead) {
      log.error({ jobId: dead.id, kind: dead.kind }, 'job marked dead: no worker could run it');
      jobBus.publish({ jobId: dead.id, portfolioId: dead.portfolioId });
    }
    await deadLetters.remove(message);
  }
}

/** Makes delivery jobs of events that webhooks subscribe to, and marks the deliveries of failed jobs as failed. */
async function notifyWebhooks({ db, jobBus }: Sweeper): Promise<void> {
  for (let batch = 0; batch < maxBatches; batch++) {
    const { events, jobs } = await fanOutEvents(db);
    for (const job of jobs) jobBus.publish(job);
    if (events === 0) break;
  }
  await settleFailedDeliveries(db);
}
