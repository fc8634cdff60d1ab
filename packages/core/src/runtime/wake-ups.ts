import { setTimeout as wait } from 'node:timers/promises';
import type { WakeUps } from '../context.ts';
import type { JobKind } from '../job/kinds.ts';
import { jobs } from '../telemetry/contract.ts';
import { type SpanContext, SpanKind, activeSpan, runIn, startSpan } from '../telemetry/trace.ts';
import type { Logger } from './log.ts';
import type { Queues } from './queue.ts';

/** Between two messages of a kind: a call of SQS costs a millisecond of processor time, more than accepting a job. */
const spacingMilliseconds = 10;

type Sending = { again: boolean; cause: SpanContext | undefined; done: Promise<void> };

/**
 * Wakes workers by a message in the queue of a kind. Calls soon after a message cause one more, together. A
 * failure is only logged: workers find due jobs by themselves, a little later. The message continues the trace of the last
 * call that was recorded.
 */
export function createWakeUps(
  queues: Pick<Queues<string>, 'send'>,
  log: Logger,
): WakeUps & { idle(): Promise<void> } {
  const sending = new Map<string, Sending>();

  async function send(kind: string, state: Sending) {
    do {
      state.again = false;
      const spacing = wait(spacingMilliseconds);
      const result = await sendTraced(kind, state.cause).then(
        () => 'sent' as const,
        (error: unknown) => {
          log.warn({ err: error, kind }, 'no worker could be woken; one will find the job');
          return 'failed' as const;
        },
      );
      jobs.wakeUps.add(1, { 'job.kind': kind as JobKind, result });
      await spacing;
    } while (state.again);
    sending.delete(kind);
  }

  function sendTraced(kind: string, parent: SpanContext | undefined) {
    const run = () => queues.send(kind, JSON.stringify({ kind }));
    return parent ? runIn(startSpan(`wake ${kind}`, { kind: SpanKind.PRODUCER, parent }), run) : run();
  }

  return {
    notify(kind) {
      const cause = activeSpan()?.spanContext();
      const current = sending.get(kind);
      if (current) {
        current.again = true;
        current.cause = cause ?? current.cause;
        return;
      }
      const state: Sending = { again: false, cause, done: Promise.resolve() };
      sending.set(kind, state);
      state.done = send(kind, state);
    },
    async idle() {
      await Promise.all([...sending.values()].map(({ done }) => done));
    },
  };
}
