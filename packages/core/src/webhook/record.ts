import type { Db } from '../context.ts';
import type { WebhookEventType } from './schemas.ts';
import { webhookEvents } from './webhook.sql.ts';

/** Records for webhooks what happened in a portfolio. Call it in the transaction in which it happens. */
export async function recordWebhookEvent(
  tx: Db,
  event: { portfolioId: string; type: WebhookEventType; data: object },
): Promise<void> {
  await tx.insert(webhookEvents).values(event);
}
