type Progress = { progress: number; step: string };

/** At most four reports a second are stored: each costs a write and wakes every watcher. */
const intervalMilliseconds = 250;

/**
 * Coalesces reports: a new step is stored at once, of the same step the latest a few times a second, in order.
 * After a failed write nothing more is stored; the attempt's own writes will fail likewise.
 */
export function createProgress(store: (progress: Progress) => Promise<void>) {
  let latest: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    const progress = latest;
    if (!progress) return;
    latest = undefined;
    writing = writing.then(() => store(progress)).catch(() => {});
  }

  return {
    report(fraction: number, step: string) {
      latest = { progress: Math.min(1, Math.max(0, fraction)), step };
      if (!timer) {
        flush();
        timer = setTimeout(flush, intervalMilliseconds);
      }
    },
    /** Stores what is left and resolves when nothing is being written. */
    async stop() {
      flush();
      await writing;
    },
  };
}
