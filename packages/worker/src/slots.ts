import type { Slots } from '@portfolio/core/job/fleet';
import { type JobKind, ofEachKind } from '@portfolio/core/job/kinds';
import { addAbortListener } from 'node:events';

/** The free slots of this process: how many more jobs of each kind it can run. */
export type FreeSlots = ReturnType<typeof createSlots>;

export function createSlots(slots: Slots) {
  const free = { ...slots };
  const waiting = new Map<JobKind, Set<() => void>>(
    Object.entries(ofEachKind(() => new Set<() => void>())) as [JobKind, Set<() => void>][],
  );
  return {
    of: (kind: JobKind) => free[kind],
    take(kind: JobKind) {
      free[kind] -= 1;
    },
    release(kind: JobKind) {
      free[kind] += 1;
      for (const wake of waiting.get(kind)!) wake();
    },
    /** Resolves when a slot of a kind is free, or the signal is aborted. */
    async available(kind: JobKind, signal: AbortSignal): Promise<void> {
      while (free[kind] <= 0 && !signal.aborted) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.get(kind)!.add(resolve);
        using _ = addAbortListener(signal, () => resolve());
        await promise;
        waiting.get(kind)!.delete(resolve);
      }
    },
  };
}
