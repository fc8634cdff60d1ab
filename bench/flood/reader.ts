import { setTimeout as wait } from 'node:timers/promises';

/** Ten a second, within the limit of an address. */
const pauseMilliseconds = 100;

/** What a reader of published data notices. */
export type Reads = { slowestMilliseconds: number; failed: number };

/** Reads something published again and again until `stop`. */
export function startReader(port: number) {
  const reads: Reads = { slowestMilliseconds: 0, failed: 0 };
  const stopped = new AbortController();
  const reading = (async () => {
    while (!stopped.signal.aborted) {
      const started = performance.now();
      if (!(await isRead(port))) reads.failed += 1;
      reads.slowestMilliseconds = Math.max(reads.slowestMilliseconds, performance.now() - started);
      await wait(pauseMilliseconds);
    }
  })();
  return {
    async stop(): Promise<Reads> {
      stopped.abort();
      await reading;
      return reads;
    },
  };
}

async function isRead(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/portfolios`);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
