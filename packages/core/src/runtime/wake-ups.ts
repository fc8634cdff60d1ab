import { setTimeout as wait } from 'node:timers/promises';
import type { WakeUps } from '../context.ts';
import type { Logger } from './log.ts';
import type { Queues } from './queue.ts';

/** Between two messages of a kind: a call of SQS costs a millisecond of processor time, more than accepting a job. */
const spacingMilliseconds = 10;

/**
 * Wakes workers by a message in the queue of a kind. Calls soon after a message cause one more, together. A
 * failure is only logged: workers find due jobs by themselves, a little later.
 */
export function createWakeUps(
  queues: Pick<Queues<string>, 'send'>,
  log: Logger,
): WakeUps & { idle(): Promise<void> } {
  const sending = new Map<string, { again: boolean; done: Promise<void> }>();

  async function send(kind: string, state: { again: boolean }) {
    do {
      state.again = false;
      const spacing = wait(spacingMilliseconds);
      await queues.send(kind, JSON.stringify({ kind })).catch((error: unknown) => {
        log.warn({ err: error, kind }, 'no worker could be woken; one will find the job');
      });
      await spacing;
    } while (state.again);
    sending.delete(kind);
  }

  return {
    notify(kind) {
      const current = sending.get(kind);
      if (current) {
        current.again = true;
        return;
      }
      const state = { again: false, done: Promise.resolve() };
      sending.set(kind, state);
      state.done = send(kind, state);
    },
    async idle() {
      await Promise.all([...sending.values()].map(({ done }) => done));
    },
  };
}
