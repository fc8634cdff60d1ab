import type { Db } from '../context.ts';
import { traceparentOf } from '../telemetry/trace.ts';
import type { WebhookEventType } from './schemas.ts';
import { webhookEvents } from './webhook.sql.ts';

/**
 * Stores an event of a portfolio for its webhooks. Call it in the transaction that makes the change. `cause` is the
 * `traceparent` of the call or the job that makes it.
 */
export async function recordWebhookEvent(
  tx: Db,
  event: { portfolioId: string; type: WebhookEventType; data: object },
  cause?: string | null,
): Promise<void> {
  await tx.insert(webhookEvents).values({ ...event, traceparent: traceparentOf(cause) });
}
