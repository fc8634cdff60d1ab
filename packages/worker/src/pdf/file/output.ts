import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes to a stream of the caller: waits while it is full, and never destroys it. */
export class Output {
  readonly #out: Writable;
  readonly #signal: AbortSignal;
  #error: Error | undefined;
  readonly #fail = (error: Error): void => {
    this.#error = error;
  };

  constructor(out: Writable, signal: AbortSignal) {
    this.#out = out;
    this.#signal = signal;
    out.on('error', this.#fail);
  }

  /** Rejects with the stream's error, with the signal's reason, or if the stream was closed. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#check();
    if (bytes.length === 0 || this.#out.write(bytes)) return;
    const waited = new AbortController();
    const signal = AbortSignal.any([this.#signal, waited.signal]);
    const events = ['drain', 'close'].map((event) => once(this.#out, event, { signal }));
    try {
      await Promise.race(events);
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error;
    } finally {
      waited.abort();
    }
    this.#check();
  }

  /** Ends the stream and waits until everything is flushed. */
  async end(): Promise<void> {
    this.#check();
    await new Promise<void>((resolve, reject) => {
      this.#out.once('error', reject);
      this.#out.end(() => {
        this.#out.removeListener('error', reject);
        resolve();
      });
    });
  }

  /** Removes the listeners from the stream. */
  release(): void {
    // A destroyed stream may still emit its error, which the caller already gets as a rejection.
    if (!this.#out.destroyed) this.#out.removeListener('error', this.#fail);
  }

  #check(): void {
    this.#signal.throwIfAborted();
    const error = this.#error ?? this.#out.errored;
    if (error !== undefined && error !== null) throw error;
    if (this.#out.destroyed) throw new Error('the stream for the PDF was closed before the PDF was complete');
  }
}
