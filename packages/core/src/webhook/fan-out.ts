import { and, asc, eq, inArray } from 'drizzle-orm';
import type { Db, JobHint } from '../context.ts';
import { newId } from '../ids.ts';
import { dispatchNext } from '../job/jobs-changed.ts';
import { iso } from '../sql.ts';
import type { Message } from './schemas.ts';
import { startDelivery } from './start-delivery.ts';
import { webhookEvents, webhooks } from './webhook.sql.ts';

const batchSize = 100;

/**
 * Makes of up to a hundred events their deliveries, each with its job, and removes the events. Events are locked
 * meanwhile: parallel workers take others, and none is taken twice. Resolves to the number of events and the jobs.
 */
export async function fanOutEvents(db: Db): Promise<{ events: number; jobs: JobHint[] }> {
  return db.transaction(async (tx) => {
    const events = await tx
      .select({
        id: webhookEvents.id,
        portfolioId: webhookEvents.portfolioId,
        type: webhookEvents.type,
        timestamp: iso(webhookEvents.at),
        data: webhookEvents.data,
      })
      .from(webhookEvents)
      .orderBy(asc(webhookEvents.id))
      .limit(batchSize)
      .for('update', { skipLocked: true });
    if (events.length === 0) return { events: 0, jobs: [] };
    const listening = await listeningIn(tx, [...new Set(events.map(({ portfolioId }) => portfolioId))]);
    const jobs: JobHint[] = [];
    for (const { id: _, portfolioId, ...payload } of events) {
      const message = { id: newId('message'), payload: payload as Message };
      for (const webhook of listening) {
        if (webhook.portfolioId !== portfolioId || !webhook.events.includes(payload.type)) continue;
        const to = { webhookId: webhook.id, portfolioId };
        const { jobId } = await startDelivery(tx, to, message, 'webhooks');
        jobs.push({ jobId, portfolioId });
      }
    }
    await dispatchNext(tx, jobs);
    await tx.delete(webhookEvents).where(
      inArray(
        webhookEvents.id,
        events.map(({ id }) => id),
      ),
    );
    return { events: events.length, jobs };
  });
}

/** Held, so that none of them is deleted before its deliveries are stored. */
function listeningIn(tx: Db, portfolioIds: string[]) {
  return tx
    .select({ id: webhooks.id, portfolioId: webhooks.portfolioId, events: webhooks.events })
    .from(webhooks)
    .where(and(inArray(webhooks.portfolioId, portfolioIds), eq(webhooks.enabled, true)))
    .for('key share');
}
