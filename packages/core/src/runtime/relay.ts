import { asc, inArray } from 'drizzle-orm';
import type { Db, Doorbell } from '../context.ts';
import { outbox } from '../job/job.sql.ts';
import type { Logger } from './log.ts';
import type { Queue } from './queue.ts';

const batchSize = 10;

/**
 * Moves up to ten outbox rows to the queue, oldest first, and says how many it moved. Rows are locked while
 * they are sent: parallel relays take others, and rows that could not be sent stay.
 */
export async function relayOutbox(db: Db, queue: Pick<Queue, 'send'>): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx
      .select()
      .from(outbox)
      .orderBy(asc(outbox.id))
      .limit(batchSize)
      .for('update', { skipLocked: true });
    if (rows.length === 0) return 0;
    const sent = await queue.send(rows.map((row) => ({ ...row, id: String(row.id) })));
    if (sent.length > 0) await tx.delete(outbox).where(inArray(outbox.id, sent.map(Number)));
    return sent.length;
  });
}

/**
 * A doorbell that empties the outbox in the background: rings while it works are answered by one more round.
 * What fails here is left to the worker's sweep.
 */
export function createDoorbell(
  db: Db,
  queue: Pick<Queue, 'send'>,
  log: Logger,
): Doorbell & { idle(): Promise<void> } {
  let rung = false;
  let working: Promise<void> | undefined;

  async function empty() {
    while (rung) {
      rung = false;
      try {
        while ((await relayOutbox(db, queue)) > 0);
      } catch (error) {
        log.warn({ err: error }, 'the outbox could not be sent; the sweep will');
      }
    }
    working = undefined;
  }

  return {
    ring() {
      rung = true;
      working ??= empty();
    },
    async idle() {
      await working;
    },
  };
}
