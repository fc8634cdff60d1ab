import type { Db } from '@portfolio/core/context';
import { type Lease, type Outcome, transitions } from '@portfolio/core/job/transitions';
import { toOutage } from '@portfolio/core/runtime/outage';
import type { Logger } from '@portfolio/core/runtime/log';
import { setTimeout as wait } from 'node:timers/promises';

const pauseMilliseconds = 500;
/** One statement ends at most this many attempts. */
const batchSize = 100;
/** A statement may have to wait for a lock on the next job of a group; meanwhile others go on. */
const mostStatements = 2;

type Waiting = { lease: Lease; outcome: Outcome; resolve(isStored: boolean): void };

export type Ends = ReturnType<typeof createEnds>;

/**
 * Stores the ends of attempts. Those that arrive while others are being stored share one statement. One whose row is
 * locked, or that fails, is stored alone, so that the others do not wait for it, or fail with it.
 */
export function createEnds({
  pipelineDb: db,
  leaseSeconds,
  log,
}: {
  pipelineDb: Db;
  leaseSeconds: number;
  log: Logger;
}) {
  let waiting: Waiting[] = [];
  let unsettled = 0;
  let working = 0;

  async function storeWaiting() {
    working += 1;
    // Ends of the same tick come together.
    await new Promise(setImmediate);
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize);
      waiting = waiting.slice(batchSize);
      const stored = batch.length > 1 ? await transitions.endMany(db, batch).catch(() => []) : [];
      const ids = new Set(stored.map(({ id }) => id));
      for (const { lease, resolve } of batch) resolve(ids.has(lease.id));
    }
    working -= 1;
  }

  /**
   * Writes with retries while the database is unavailable: no worker can claim the job meanwhile, and after a claim the
   * write affects nothing. After `stop`, it retries for the length of a lease at most.
   */
  async function persist<Row>(write: () => Promise<Row>, stop: AbortSignal): Promise<Row> {
    const until = performance.now() + leaseSeconds * 1000;
    for (;;) {
      try {
        return await write();
      } catch (error) {
        if (!toOutage(error) || (stop.aborted && performance.now() >= until)) throw error;
        log.warn({ err: error }, 'change of a job not stored; retrying');
        await wait(pauseMilliseconds);
      }
    }
  }

  return {
    persist,

    /** True while so many ends wait that no more should follow. */
    isBehind: () => unsettled > batchSize,

    /** Ends an attempt. False if its lease is lost, or a cancellation was requested. */
    async store(lease: Lease, attempt: number, outcome: Outcome, stop: AbortSignal): Promise<boolean> {
      unsettled += 1;
      try {
        return await store(lease, attempt, outcome, stop);
      } finally {
        unsettled -= 1;
      }
    },
  };

  async function store(lease: Lease, attempt: number, outcome: Outcome, stop: AbortSignal): Promise<boolean> {
    const isStored = await new Promise<boolean>((resolve) => {
      waiting.push({ lease, outcome, resolve });
      if (working < mostStatements) void storeWaiting();
    });
    if (isStored || (await persist(() => transitions.end(db, lease, outcome), stop))) return true;
    // Stored by a statement whose answer was lost: nobody else ends this attempt in this way.
    return persist(() => transitions.hasEnded(db, lease.id, attempt, outcome.type), stop);
  }
}
