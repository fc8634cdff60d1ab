import type { Db, JobBus, WakeUps } from '@portfolio/core/context';
import { enqueueDue } from '@portfolio/core/job/due';
import { jobsChanged } from '@portfolio/core/job/jobs-changed';
import { jobKindSchema } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import type { Logger } from '@portfolio/core/runtime/log';
import { isOutage } from '@portfolio/core/runtime/outage';
import type { Queues } from '@portfolio/core/runtime/queue';
import { jobs } from '@portfolio/core/telemetry/contract';
import { readTraceparent } from '@portfolio/core/telemetry/trace';
import { settleFailedDeliveries } from '@portfolio/core/webhook/attempts';
import { fanOutEvents } from '@portfolio/core/webhook/fan-out';
import { setTimeout as wait } from 'node:timers/promises';
import type { Claims } from './claims.ts';

/** Further events and dead letters wait for the next sweep, so that they do not delay the other steps. */
const maxBatches = 10;

const kinds = jobKindSchema.options;

type SweepStep = 'reap' | 'enqueue' | 'webhooks' | 'dead_letters';
type ReapedState = 'queued' | 'dead' | 'cancelled';

type Sweeper = {
  db: Db;
  pipelineDb: Db;
  queues: Pick<Queues<'dead'>, 'receive' | 'remove'>;
  claims: Pick<Claims, 'wake'>;
  wakeUps: WakeUps;
  jobBus: JobBus;
  log: Logger;
  leaseSeconds: number;
  sweepSeconds: number;
  /** Is called with the number of dead letters that were removed. */
  removed?: (letters: number) => void;
};

/**
 * Repairs and advances the pipeline periodically until `stop`: expired leases, due jobs, jobs whose wake-up was lost, events
 * for webhooks, dead letters. Any number of workers may sweep concurrently.
 */
export async function sweep(sweeper: Sweeper, stop: AbortSignal): Promise<void> {
  const { pipelineDb: db, claims, wakeUps, log, leaseSeconds, sweepSeconds } = sweeper;
  // After an outage, workers get time to renew their leases before jobs count as lost. A start may follow an outage.
  let reapsFrom = performance.now() + leaseSeconds * 1000;

  /** Resolves to false if the database is unavailable. Another failure does not prevent the next steps. */
  async function step(name: SweepStep, run: () => Promise<unknown>) {
    try {
      await run();
      jobs.sweeps.add(1, { step: name, outcome: 'ok' });
      return true;
    } catch (error) {
      jobs.sweeps.add(1, { step: name, outcome: 'failed' });
      log.warn({ err: error, step: name }, 'sweep step failed; it will be retried');
      return !isOutage(error);
    }
  }
  // Nothing else waits for it: SQS may be unresponsive.
  let removing: Promise<unknown> | undefined;
  while (!stop.aborted) {
    const reaps = performance.now() >= reapsFrom;
    const hasDatabase =
      (!reaps || (await step('reap', () => reap(sweeper)))) &&
      (await step('enqueue', async () => {
        for (const kind of await enqueueDue(db)) wakeUps.notify(kind);
      })) &&
      (await step('webhooks', () => notifyWebhooks(sweeper)));
    if (hasDatabase) void claims.wake(kinds);
    else reapsFrom = performance.now() + leaseSeconds * 1000;
    removing ??= step('dead_letters', () => removeDeadLetters(sweeper)).finally(() => {
      removing = undefined;
    });
    // Spread, so that the workers of a fleet sweep one after the other.
    const pause = sweepSeconds * 1000 * (0.75 + Math.random() / 2);
    await wait(pause, undefined, { signal: stop }).catch(() => {});
  }
  await removing;
}

async function reap({ pipelineDb: db, jobBus, wakeUps, log }: Sweeper): Promise<void> {
  const reaped = await transitions.reapLost(db);
  for (const { id, kind, state, traceparent } of reaped) {
    jobs.reaped.add(1, { 'job.kind': kind, outcome: state as ReapedState });
    const about = { jobId: id, kind, trace_id: readTraceparent(traceparent)?.traceId };
    if (state === 'dead') log.error(about, 'job marked dead: its workers were lost');
    else log.warn({ ...about, state }, 'worker lost; its attempt ended');
  }
  jobsChanged(
    { jobBus, wakeUps },
    reaped.map(({ id: jobId, portfolioId, kind }) => ({ jobId, portfolioId, kind })),
  );
}

/** Removes messages that ended every worker that received them. They say nothing about a job: jobs are found without. */
async function removeDeadLetters({ queues, log, removed }: Sweeper): Promise<void> {
  const messages = await queues.receive('dead', 0);
  if (messages.length === 0) return;
  for (const { body } of messages) log.error({ body: body.slice(0, 200) }, 'dead letter removed');
  await queues.remove('dead', messages);
  jobs.deadLetters.add(messages.length);
  removed?.(messages.length);
}

/** Makes delivery jobs of events that webhooks subscribe to, and marks the deliveries of failed jobs as failed. */
async function notifyWebhooks({ db, jobBus, wakeUps }: Sweeper): Promise<void> {
  for (let batch = 0; batch < maxBatches; batch++) {
    const { events, jobs: started } = await fanOutEvents(db);
    jobsChanged({ jobBus, wakeUps }, started);
    if (events === 0) break;
  }
  await settleFailedDeliveries(db);
}
