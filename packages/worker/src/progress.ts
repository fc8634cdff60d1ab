import { setTimeout as wait } from 'node:timers/promises';

type Progress = { progress: number; step: string };

/** At most four reports a second are stored: each costs a write and wakes every watcher. */
const intervalMilliseconds = 250;

/**
 * Coalesces reports: the first is stored immediately, then the latest one a few times a second, in order.
 * A failed write is ignored: if it failed because the lease is lost, the heartbeat ends the attempt.
 */
export function createProgress(store: (progress: Progress) => Promise<void>) {
  let latest: Progress | undefined;
  let writing: Promise<void> | undefined;
  const stopping = new AbortController();

  async function write() {
    while (latest) {
      const progress = latest;
      latest = undefined;
      const pause = wait(intervalMilliseconds, undefined, { signal: stopping.signal }).catch(() => {});
      await store(progress).catch(() => {});
      await pause;
    }
    writing = undefined;
  }

  return {
    report(fraction: number, step: string) {
      latest = { progress: Math.round(Math.min(1, Math.max(0, fraction)) * 1000) / 1000, step };
      writing ??= write();
    },
    /** Stores the last report; resolves when no write is in progress. */
    async stop() {
      if (!writing) return;
      stopping.abort();
      await writing;
    },
  };
}
