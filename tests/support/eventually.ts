import { vi } from 'vitest';

/** A bound for what hangs: machines are slow at times. Less than the timeout of a test, which reports less. */
const timeout = 90_000;

/** Repeats an assertion until it holds, and resolves to its result. Throws its last error after 90 s. */
export const eventually = <T>(assertion: () => T | Promise<T>, intervalMilliseconds = 20): Promise<T> =>
  vi.waitFor(assertion, { timeout, interval: intervalMilliseconds });
