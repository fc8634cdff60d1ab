/** Pseudo-random numbers, which are the same for the same seed (mulberry32, by Tommy Ettinger). */
export function createRandom(seed: number) {
  let state = seed >>> 0;
  const fraction = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    /** From `from` up to, but not including, `to`. */
    between: (from: number, to: number) => from + fraction() * (to - from),
    pick: <T>(items: readonly T[]): T => items[Math.floor(fraction() * items.length)]!,
  };
}
