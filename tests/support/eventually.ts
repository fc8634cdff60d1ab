import { vi } from 'vitest';

/** A bound for what hangs, not a measure: machines are slow at times. Below the time-out of a test, which says less. */
const timeout = 90_000;

/** Tries an assertion every so often until it holds, and gives what it returns. Throws its last error after 90 s. */
export const eventually = <T>(assertion: () => T | Promise<T>, intervalMilliseconds = 20): Promise<T> =>
  vi.waitFor(assertion, { timeout, interval: intervalMilliseconds });
