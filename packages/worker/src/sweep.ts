import type { Db, OutboxNotifier, JobBus } from '@portfolio/core/context';
import { dispatch, requeueLostMessages } from '@portfolio/core/job/dispatch';
import { transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { toOutage } from '@portfolio/core/runtime/outage';
import type { Queue } from '@portfolio/core/runtime/queue';
import { settleFailedDeliveries } from '@portfolio/core/webhook/attempts';
import { fanOutEvents } from '@portfolio/core/webhook/fan-out';
import { setTimeout as wait } from 'node:timers/promises';

/** A queued job whose message was sent so long ago gets another: the claim makes a second one harmless. */
const lostAfterSeconds = 300;

/** More events or dead letters than this wait for the next sweep, so that the other steps have their turn. */
const maxBatches = 10;
const maxLetters = 20;

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
 * Sees to what was left behind, again and again until `stop`: leases of workers that are gone, jobs that are due or
 * whose message got lost, messages that were never sent or that nobody could deal with, events that webhooks wait
 * for. Any number of workers may sweep at once.
 */
export async function sweep(sweeper: Sweeper, stop: AbortSignal): Promise<void> {
  const { db, outboxNotifier, log, leaseSeconds, sweepSeconds } = sweeper;
  // After an outage workers get the time to renew their leases, before their jobs count as lost. One may just be over.
  let reapsFrom = 0;
  const reapLater = () => (reapsFrom = performance.now() + leaseSeconds * 1000);
  reapLater();

  /** None of the steps keeps the others from being done. */
  async function step(name: string, run: () => Promise<unknown>) {
    try {
      await run();
    } catch (error) {
      if (toOutage(error)) reapLater();
      log.warn({ err: error, step: name }, 'a step of the sweep failed; it comes again');
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
    if (state === 'dead') log.error({ jobId: id, kind }, 'job is dead: its workers were lost');
    else log.warn({ jobId: id }, 'a worker was lost with this job');
    jobBus.publish({ jobId: id, portfolioId });
  }
}

/** Declares jobs dead whose messages came back so often that the queue gave them up: they end who takes them. */
async function markDeadLetters(
  { db, deadLetters, jobBus, leaseSeconds, log }: Sweeper,
  stop: AbortSignal,
): Promise<void> {
  for (let count = 0; count < maxLetters && !stop.aborted; count++) {
    const letter = await deadLetters.receive(0, leaseSeconds);
    if (!letter) return;
    const buried = letter.job && (await transitions.markUndeliveredDead(db, letter.job.jobId));
    if (buried) {
      log.error({ jobId: buried.id, kind: buried.kind }, 'job is dead: no worker could take it');
      jobBus.publish({ jobId: buried.id, portfolioId: buried.portfolioId });
    }
    await deadLetters.remove(letter);
  }
}

/** Makes jobs of what happened and webhooks want to know, and settles those that could not be told. */
async function notifyWebhooks({ db, jobBus }: Sweeper): Promise<void> {
  for (let batch = 0; batch < maxBatches; batch++) {
    const { events, jobs } = await fanOutEvents(db);
    for (const job of jobs) jobBus.publish(job);
    if (events === 0) break;
  }
  await settleFailedDeliveries(db);
}
