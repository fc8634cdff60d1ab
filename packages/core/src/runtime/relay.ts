import { asc, eq, inArray, sql } from 'drizzle-orm';
import type { Db, OutboxNotifier } from '../context.ts';
import { jobs, outbox } from '../job/job.sql.ts';
import type { Logger } from './log.ts';
import type { Queue } from './queue.ts';

const batchSize = 10;

/**
 * Moves up to ten outbox rows to the queue, the oldest first; resolves to their number. Rows are locked while they are
 * sent: parallel relays take others, and rows that could not be sent remain. Since `dispatch` writes one row of a group
 * at a time, no two relays ever lock rows whose order matters.
 */
export async function relayOutbox(db: Db, queue: Pick<Queue, 'send'>): Promise<number> {
  return db.transaction(async (tx) => {
    const { id, groupKey, jobId } = outbox;
    const rows = await tx
      .select({ id: sql<string>`${id}::text`, groupKey, jobId, kind: jobs.kind })
      .from(outbox)
      .innerJoin(jobs, eq(jobs.id, jobId))
      .orderBy(asc(id))
      .limit(batchSize)
      .for('update', { of: outbox, skipLocked: true });
    if (rows.length === 0) return 0;
    const sent = await queue.send(rows);
    if (sent.length > 0) await tx.delete(outbox).where(inArray(outbox.id, sent.map(Number)));
    return sent.length;
  });
}

/**
 * Sends the outbox in the background. Notifications during a round cause one more round. The worker's sweep retries after
 * a failure.
 */
export function createOutboxNotifier(
  db: Db,
  queue: Pick<Queue, 'send'>,
  log: Logger,
): OutboxNotifier & { idle(): Promise<void> } {
  let isNotified = false;
  let working: Promise<void> | undefined;

  async function empty() {
    while (isNotified) {
      isNotified = false;
      try {
        while ((await relayOutbox(db, queue)) > 0);
      } catch (error) {
        log.warn({ err: error }, 'sending the outbox failed; the sweep will retry');
      }
    }
    working = undefined;
  }

  return {
    notify() {
      isNotified = true;
      working ??= empty();
    },
    async idle() {
      await working;
    },
  };
}
