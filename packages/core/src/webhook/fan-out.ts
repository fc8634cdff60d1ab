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
 * Creates the deliveries of up to a hundred events, each with its job, and deletes the events. The events are locked
 * meanwhile: parallel workers take others, and none is processed twice. Resolves to the number of events and the jobs.
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
    const subscribed = await lockEnabledWebhooks(tx, [
      ...new Set(events.map(({ portfolioId }) => portfolioId)),
    ]);
    const jobs: JobHint[] = [];
    for (const { id: _, portfolioId, ...payload } of events) {
      const message = { id: newId('message'), payload: payload as Message };
      for (const webhook of subscribed) {
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

/** The lock keeps them from being deleted before their deliveries are stored. */
function lockEnabledWebhooks(tx: Db, portfolioIds: string[]) {
  return tx
    .select({ id: webhooks.id, portfolioId: webhooks.portfolioId, events: webhooks.events })
    .from(webhooks)
    .where(and(inArray(webhooks.portfolioId, portfolioIds), eq(webhooks.enabled, true)))
    .for('key share');
}
