/** Takes one place of a kind; undefined where there is none left, or no such kind. Dispose of it to leave it. */
export type Room = (kind: string) => Disposable | undefined;

/** Places for jobs of each kind within this process: what a kind needs of memory and processor stays bounded. */
export function createRoom(places: Record<string, number>): Room {
  const left = new Map(Object.entries(places));
  return (kind) => {
    const free = left.get(kind) ?? 0;
    if (free === 0) return undefined;
    left.set(kind, free - 1);
    return { [Symbol.dispose]: () => void left.set(kind, left.get(kind)! + 1) };
  };
}
