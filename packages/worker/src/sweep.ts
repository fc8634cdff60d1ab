import type { Db, Doorbell, JobBus } from '@portfolio/core/context';
import { dispatch, unringLost } from '@portfolio/core/job/dispatch';
import { transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import type { Queue } from '@portfolio/core/runtime/queue';
import { settleFailedDeliveries } from '@portfolio/core/webhook/attempts';
import { fanOutEvents } from '@portfolio/core/webhook/fan-out';
import { setTimeout as wait } from 'node:timers/promises';

/** A queued job whose message was sent so long ago gets another: the claim makes a second one harmless. */
const silentSeconds = 300;

type Sweeper = {
  db: Db;
  deadLetters: Queue;
  doorbell: Doorbell;
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
  const { db, doorbell, log, leaseSeconds, sweepSeconds } = sweeper;
  let reapsFrom = 0;
  while (!stop.aborted) {
    try {
      if (performance.now() >= reapsFrom) await reap(sweeper);
      await buryDeadLetters(sweeper);
      await tellWebhooks(sweeper);
      await unringLost(db, silentSeconds);
      await dispatch(db);
      doorbell.ring();
    } catch (error) {
      log.warn({ err: error }, 'sweep failed; it comes again');
      // Workers could not renew their leases either: they get the time to, before their jobs count as lost.
      reapsFrom = performance.now() + leaseSeconds * 1000;
    }
    await wait(sweepSeconds * 1000, undefined, { signal: stop }).catch(() => {});
  }
}

async function reap({ db, jobBus, log }: Sweeper): Promise<void> {
  for (const { id, portfolioId } of await transitions.reapLost(db)) {
    log.warn({ jobId: id }, 'a worker was lost with this job');
    jobBus.publish({ jobId: id, portfolioId });
  }
}

/** Declares jobs dead whose messages came back so often that the queue gave them up: they end who takes them. */
async function buryDeadLetters({ db, deadLetters, jobBus, leaseSeconds, log }: Sweeper): Promise<void> {
  for (;;) {
    const letter = await deadLetters.receive(0, leaseSeconds);
    if (!letter) return;
    const buried = letter.job && (await transitions.buryUndelivered(db, letter.job.jobId));
    if (buried) {
      log.error({ jobId: buried.id, kind: buried.kind }, 'job is dead: no worker could take it');
      jobBus.publish({ jobId: buried.id, portfolioId: buried.portfolioId });
    }
    await deadLetters.remove(letter);
  }
}

/** Makes jobs of what happened and webhooks want to know, and settles those that could not be told. */
async function tellWebhooks({ db, jobBus }: Sweeper): Promise<void> {
  let taken: number;
  do {
    const { events, jobs } = await fanOutEvents(db);
    for (const job of jobs) jobBus.publish(job);
    taken = events;
  } while (taken > 0);
  await settleFailedDeliveries(db);
}
