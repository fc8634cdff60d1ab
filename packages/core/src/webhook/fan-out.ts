import { and, asc, eq, inArray, isNull } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import type { ChangedJob } from '../job/jobs-changed.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso } from '../sql.ts';
import { traceparentOf } from '../telemetry/trace.ts';
import type { Message } from './schemas.ts';
import { type NewDelivery, startDeliveries } from './start-delivery.ts';
import { webhookEvents, webhooks } from './webhook.sql.ts';

const batchSize = 100;

/**
 * Creates the deliveries of up to a hundred events, each with its job, and deletes the events. The events are locked
 * meanwhile: parallel workers take others, and none is processed twice. Resolves to the number of events and the jobs.
 */
export async function fanOutEvents(db: Db): Promise<{ events: number; jobs: ChangedJob[] }> {
  return db.transaction(async (tx) => {
    const events = await tx
      .select({
        id: webhookEvents.id,
        portfolioId: webhookEvents.portfolioId,
        type: webhookEvents.type,
        timestamp: iso(webhookEvents.at),
        data: webhookEvents.data,
        traceparent: webhookEvents.traceparent,
      })
      .from(webhookEvents)
      .orderBy(asc(webhookEvents.id))
      .limit(batchSize)
      .for('update', { skipLocked: true });
    if (events.length === 0) return { events: 0, jobs: [] };
    const subscribed = await lockEnabledWebhooks(tx, [
      ...new Set(events.map(({ portfolioId }) => portfolioId)),
    ]);
    const deliveries: NewDelivery[] = [];
    for (const { id: _, portfolioId, traceparent: cause, ...payload } of events) {
      const traceparent = cause ?? traceparentOf();
      const message = { id: newId('message'), payload: payload as Message };
      for (const webhook of subscribed) {
        if (webhook.portfolioId !== portfolioId || !webhook.events.includes(payload.type)) continue;
        // One that was enabled again meanwhile is not told that it was disabled.
        if (message.payload.type === 'webhook.disabled' && message.payload.data.webhook === webhook.id)
          continue;
        deliveries.push({ webhookId: webhook.id, portfolioId, message, traceparent });
      }
    }
    const started = await startDeliveries(tx, deliveries, 'webhooks');
    await tx.delete(webhookEvents).where(
      inArray(
        webhookEvents.id,
        events.map(({ id }) => id),
      ),
    );
    return { events: events.length, jobs: started.map(({ job }) => job) };
  });
}

/** None of a portfolio in the bin. The lock keeps them from being deleted before their deliveries are stored. */
function lockEnabledWebhooks(tx: Db, portfolioIds: string[]) {
  return tx
    .select({ id: webhooks.id, portfolioId: webhooks.portfolioId, events: webhooks.events })
    .from(webhooks)
    .innerJoin(portfolios, eq(portfolios.id, webhooks.portfolioId))
    .where(
      and(
        inArray(webhooks.portfolioId, portfolioIds),
        eq(webhooks.enabled, true),
        isNull(portfolios.binnedAt),
      ),
    )
    .for('key share', { of: webhooks });
}
