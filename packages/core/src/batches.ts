/**
 * Repeats a statement that processes up to `size` rows until it processes fewer. Each batch is its own transaction, so
 * locks are short and an interruption loses nothing.
 *
 * @returns The number of rows processed. Throws the signal's reason when it is aborted between batches.
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
