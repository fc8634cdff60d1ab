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

/**
 * Runs steps one after the other, also after one that failed, so that it does not keep the others from being done for ever.
 * Resolves to the sum of their numbers. Rejects with the first error after the last step, or at once when stopped.
 */
export async function runEach(steps: Iterable<() => Promise<number>>, signal: AbortSignal): Promise<number> {
  const errors: unknown[] = [];
  let sum = 0;
  for (const step of steps) {
    signal.throwIfAborted();
    try {
      sum += await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return sum;
}
