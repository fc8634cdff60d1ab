type Progress = { progress: number; step: string };

/** At most four reports a second are stored: each costs a write and wakes every watcher. */
const intervalMilliseconds = 250;

/**
 * Coalesces reports: the first is stored at once, then the latest a few times a second, in order.
 * A failed write is passed over: where it failed because the lease is gone, the heartbeat ends the attempt.
 */
export function createProgress(store: (progress: Progress) => Promise<void>) {
  let latest: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  function storeLatest() {
    timer = undefined;
    const progress = latest;
    if (!progress) return;
    latest = undefined;
    writing = writing.then(() => store(progress)).catch(() => {});
    timer = setTimeout(storeLatest, intervalMilliseconds);
  }

  return {
    report(fraction: number, step: string) {
      latest = { progress: Math.round(Math.min(1, Math.max(0, fraction)) * 1000) / 1000, step };
      if (!timer) storeLatest();
    },
    /** Stores what is left and resolves when nothing is being written. */
    async stop() {
      clearTimeout(timer);
      storeLatest();
      clearTimeout(timer);
      await writing;
    },
  };
}
