/**
 * Repeats a statement that deals with up to `size` rows until it finds fewer; resolves to how many there were.
 * Each batch is a transaction of its own: nothing is locked for long, and a stop loses nothing.
 */
export async function inBatches(
  size: number,
  signal: AbortSignal,
  batch: (size: number) => Promise<number>,
): Promise<number> {
  let total = 0;
  let done: number;
  do {
    signal.throwIfAborted();
    done = await batch(size);
    total += done;
  } while (done >= size);
  return total;
}
