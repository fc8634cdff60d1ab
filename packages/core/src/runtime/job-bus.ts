import type postgres from 'postgres';
import { z } from 'zod';
import type { JobBus, JobHint } from '../context.ts';
import { listenTo } from './listen.ts';
import type { Logger } from './log.ts';

const channel = 'job_hints';
/** At most one NOTIFY in this time, since each takes a lock that all commits of the server share. The first is sent at once. */
const coalesceMilliseconds = 20;
/** This many hints fit into the 8,000 bytes of a NOTIFY. */
const hintsPerNotify = 50;
/** Watchers are woken about this often even without a hint; not at the same time in all processes. */
const safetyPollMilliseconds = 5000;

const hintsSchema = z.array(
  z.object({ jobId: z.string(), portfolioId: z.string(), cancels: z.literal(true).optional() }),
);

type Watcher = { match: (hint: JobHint) => boolean; wake: () => void };

/**
 * Sends hints by Postgres LISTEN and NOTIFY, with one listening connection per process. A hint may be lost with the
 * connection, so all watchers are woken after a reconnect, and every few seconds.
 */
export function createJobBus(
  sql: postgres.Sql,
  log: Logger,
): JobBus & { listen(): Promise<void>; close(): void } {
  const watchers = new Set<Watcher>();
  const pending = new Map<string, JobHint>();
  let flushTimer: NodeJS.Timeout | undefined;
  let nextFlushAt = 0;
  const wakeAll = () => watchers.forEach((watcher) => watcher.wake());
  let safetyPoll: NodeJS.Timeout;
  function pollLater() {
    const milliseconds = safetyPollMilliseconds * (0.75 + Math.random() / 2);
    safetyPoll = setTimeout(() => {
      wakeAll();
      pollLater();
    }, milliseconds).unref();
  }
  pollLater();

  function flush() {
    flushTimer = undefined;
    nextFlushAt = performance.now() + coalesceMilliseconds;
    const hints = [...pending.values()];
    pending.clear();
    for (let at = 0; at < hints.length; at += hintsPerNotify) {
      const payload = JSON.stringify(hints.slice(at, at + hintsPerNotify));
      sql
        .notify(channel, payload)
        .catch((error: unknown) => log.warn({ err: error }, 'sending job hints failed'));
    }
  }

  function receive(payload: string) {
    const hints = hintsSchema.safeParse(JSON.parse(payload));
    if (!hints.success) return;
    for (const watcher of watchers) if (hints.data.some(watcher.match)) watcher.wake();
  }

  return {
    publish(hint) {
      // Merged, so that a later hint does not drop the `cancels` of an earlier one.
      pending.set(hint.jobId, { ...pending.get(hint.jobId), ...hint });
      flushTimer ??= setTimeout(flush, Math.max(0, nextFlushAt - performance.now()));
    },
    subscribe(match, signal) {
      let woken = Promise.withResolvers<void>();
      const watcher = { match, wake: () => woken.resolve() };
      watchers.add(watcher);
      signal.addEventListener('abort', watcher.wake);
      return {
        async *[Symbol.asyncIterator]() {
          while (!signal.aborted) {
            await woken.promise;
            if (signal.aborted) return;
            woken = Promise.withResolvers();
            yield;
          }
        },
        [Symbol.dispose]() {
          watchers.delete(watcher);
          signal.removeEventListener('abort', watcher.wake);
        },
      };
    },
    listen: () => listenTo(sql, log, channel, receive, wakeAll),
    close() {
      clearTimeout(safetyPoll);
      if (flushTimer) {
        clearTimeout(flushTimer);
        flush();
      }
    },
  };
}
