import type { Db } from '../context.ts';
import type { WebhookEventType } from './schemas.ts';
import { webhookEvents } from './webhook.sql.ts';

/** Stores an event of a portfolio for its webhooks. Call it in the transaction that makes the change. */
export async function recordWebhookEvent(
  tx: Db,
  event: { portfolioId: string; type: WebhookEventType; data: object },
): Promise<void> {
  await tx.insert(webhookEvents).values(event);
}
