import { setTimeout as wait } from 'node:timers/promises';

const pollMilliseconds = 50;
/** A bound for what hangs: machines are slow at times. */
const defaultTimeoutSeconds = 120;

/** Polls until the answer is neither undefined nor false. Throws after a timeout, with `what` in the message. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutSeconds = defaultTimeoutSeconds,
): Promise<T> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutSeconds} s: ${what}.`);
    await wait(pollMilliseconds);
  }
}

/** Runs some work and resolves to its duration in seconds, with two decimals. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return Math.round((performance.now() - start) / 10) / 100;
}
