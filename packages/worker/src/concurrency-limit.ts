/**
 * Takes one place of a kind, in the order of asking; resolves to undefined where none is free in time, or where there is
 * no such kind. Dispose of it to leave it.
 */
export type ConcurrencyLimit = (kind: string) => Promise<Disposable | undefined>;

type Places = { free: number; waiting: Set<() => void> };

/**
 * Places for jobs of each kind within this process: what a kind needs of memory and processor stays bounded. Whoever
 * finds none waits a moment for one: to go at once would be to lose against those who happen to come when one is free.
 */
export function createConcurrencyLimit(
  places: Record<string, number>,
  patienceMilliseconds = 2000,
): ConcurrencyLimit {
  const kinds = new Map<string, Places>(
    Object.entries(places).map(([kind, free]) => [kind, { free, waiting: new Set() }]),
  );

  function leave(kind: Places) {
    const [next] = kind.waiting;
    if (!next) {
      kind.free += 1;
      return;
    }
    kind.waiting.delete(next);
    next();
  }

  function waitForPlace(kind: Places): Promise<boolean> {
    return new Promise((resolve) => {
      const take = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        kind.waiting.delete(take);
        resolve(false);
      }, patienceMilliseconds);
      kind.waiting.add(take);
    });
  }

  return async (name) => {
    const kind = kinds.get(name);
    if (!kind) return undefined;
    if (kind.free > 0) kind.free -= 1;
    else if (!(await waitForPlace(kind))) return undefined;
    return { [Symbol.dispose]: () => leave(kind) };
  };
}
