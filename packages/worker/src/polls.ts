import type { JobKind } from '@portfolio/core/job/kinds';
import type { WakeUps } from '@portfolio/core/context';
import type { Logger } from '@portfolio/core/runtime/log';
import type { Queues, Received } from '@portfolio/core/runtime/queue';
import { jobs } from '@portfolio/core/telemetry/contract';
import { SpanKind, runIn, startSpan } from '@portfolio/core/telemetry/trace';
import { setTimeout as wait } from 'node:timers/promises';
import type { Claims } from './claims.ts';
import type { FreeSlots } from './slots.ts';

const pauseAfterErrorMilliseconds = 1000;

type Poller = {
  queues: Queues<JobKind>;
  claims: Claims;
  slots: FreeSlots;
  wakeUps: WakeUps;
  pollSeconds: number;
  log: Logger;
};

/**
 * Receives the wake-ups of a kind until `draining`, while a slot for it is free: those that this process could not act on
 * stay for others. Never aborts a poll: the queue would hide messages that nobody received.
 */
export async function poll(poller: Poller, kind: JobKind, draining: AbortSignal): Promise<void> {
  const { queues, claims, slots, wakeUps, pollSeconds, log } = poller;
  let isAway = false;
  for (;;) {
    await slots.available(kind, draining);
    if (draining.aborted) return;
    try {
      const messages = await queues.receive(kind, pollSeconds);
      isAway = false;
      if (messages.length === 0) continue;
      jobs.wakeUps.add(messages.length, { 'job.kind': kind, result: 'received' });
      const isOver = draining.aborted || slots.of(kind) <= 0;
      // The slots were filled during the poll: the wake-up is for another worker.
      if (isOver) wakeUps.notify(kind);
      // Removed beside the claim: what protects jobs is in the database, whatever comes of the message.
      await traced(kind, messages, () =>
        Promise.all([isOver || claims.wake([kind]), queues.remove(kind, messages)]),
      );
    } catch (error) {
      if (!isAway)
        log.warn(
          { err: error, kind },
          'the queue is unavailable; jobs are found without it, with some delay',
        );
      isAway = true;
      await wait(pauseAfterErrorMilliseconds, undefined, { signal: draining }).catch(() => {});
    }
  }
}

/** Continues the traces from which the messages were sent. */
function traced<Result>(kind: JobKind, messages: readonly Received[], run: () => Promise<Result>) {
  const [parent, ...links] = messages.flatMap(({ cause }) => cause ?? []);
  if (!parent) return run();
  return runIn(startSpan(`wake ${kind}`, { kind: SpanKind.CONSUMER, parent, links }), run);
}
