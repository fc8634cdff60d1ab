/**
 * Acquires a slot of a kind of job, in the order of the calls. Resolves to undefined if none becomes free in time, or if the
 * kind is unknown. Disposing of the slot releases it.
 */
export type ConcurrencyLimit = (kind: string) => Promise<Disposable | undefined>;

type Slots = { free: number; waiting: Set<() => void> };

/**
 * Limits how many jobs of each kind this process runs at a time, and so their memory and processor use. A call that finds no
 * free slot waits for one: without a queue, it could lose every free slot to calls that come later.
 */
export function createConcurrencyLimit(
  slotsByKind: Record<string, number>,
  timeoutMilliseconds = 2000,
): ConcurrencyLimit {
  const kinds = new Map<string, Slots>(
    Object.entries(slotsByKind).map(([kind, free]) => [kind, { free, waiting: new Set() }]),
  );

  function release(slots: Slots) {
    const [next] = slots.waiting;
    if (!next) {
      slots.free += 1;
      return;
    }
    slots.waiting.delete(next);
    next();
  }

  function waitForSlot(slots: Slots): Promise<boolean> {
    return new Promise((resolve) => {
      const take = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        slots.waiting.delete(take);
        resolve(false);
      }, timeoutMilliseconds);
      slots.waiting.add(take);
    });
  }

  return async (kind) => {
    const slots = kinds.get(kind);
    if (!slots) return undefined;
    if (slots.free > 0) slots.free -= 1;
    else if (!(await waitForSlot(slots))) return undefined;
    return { [Symbol.dispose]: () => release(slots) };
  };
}
