import { setImmediate } from 'node:timers/promises';

const sliceMs = 20;

/**
 * Yields to the event loop, since heartbeats and other jobs run in the same process. A loop checks `due` at each step
 * and awaits `rest()` when it is true; `rest` rejects with the signal's reason when that is aborted.
 */
export class Pace {
  readonly signal: AbortSignal;
  #since = performance.now();

  constructor(signal: AbortSignal) {
    this.signal = signal;
  }

  get due(): boolean {
    return performance.now() - this.#since > sliceMs;
  }

  async rest(): Promise<void> {
    await setImmediate();
    this.signal.throwIfAborted();
    this.#since = performance.now();
  }
}
