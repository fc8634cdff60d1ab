/** An item of a stream, and the cursor with which a client resumes after it. All receivers get the same object. */
export type Tracked<T> = { cursor: string; data: T };

/** Takes the items of a stream. */
export type Receiver<T> = {
  item(item: Tracked<T>): void;
  /** True while nothing more should come. Whoever filled it calls `resume` of the stream once there is room again. */
  isFull(): boolean;
  /** Nothing follows; with an error if the stream was ended by it. */
  end(error?: unknown): void;
};

/** A stream that is open. What it cannot deliver to a full receiver it merges or reads again, on `resume`. */
export type OpenStream = { resume(): void; close(): void };

/** How many items may wait for the consumer of a generator. */
const maxWaiting = 100;

/** Opens a stream and returns its items as a generator, which ends with the stream or when the signal is aborted. */
export async function iterate<T>(
  signal: AbortSignal,
  open: (receiver: Receiver<T>) => Promise<OpenStream>,
): Promise<AsyncGenerator<Tracked<T>, void>> {
  const waiting: Tracked<T>[] = [];
  let end: { error?: unknown } | undefined;
  let news = Promise.withResolvers<void>();

  const stream = await open({
    item(item) {
      waiting.push(item);
      news.resolve();
    },
    isFull: () => waiting.length >= maxWaiting,
    end(error) {
      end = { error };
      news.resolve();
    },
  });
  function close() {
    stream.close();
    news.resolve();
  }
  if (signal.aborted) close();
  else signal.addEventListener('abort', close, { once: true });

  async function* items() {
    try {
      while (!signal.aborted) {
        const item = waiting.shift();
        if (item) yield item;
        else if (end) break;
        else {
          news = Promise.withResolvers();
          stream.resume();
          await news.promise;
        }
      }
    } finally {
      signal.removeEventListener('abort', close);
      stream.close();
    }
    if (end?.error !== undefined && !signal.aborted) throw end.error;
  }
  return items();
}
