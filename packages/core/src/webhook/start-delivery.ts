import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { queueJob } from '../job/accept.ts';
import type { Message } from './schemas.ts';
import { webhookDeliveries } from './webhook.sql.ts';

/**
 * Stores a delivery of a message with the job that sends it, as `queueJob` does; resolves to the ids of both. Each is a group of its own: messages are promised no order, and in one group those to a
 * receiver that is away would hold each other up for a day and a half.
 */
export async function startDelivery(
  tx: Db,
  to: { webhookId: string; portfolioId: string },
  message: { id: string; payload: Message },
  requestedBy: string,
): Promise<{ id: string; jobId: string }> {
  const id = newId('delivery');
  const { id: jobId } = await queueJob(tx, {
    portfolioId: to.portfolioId,
    kind: 'webhook.deliver',
    subject: message.payload.type,
    groupKey: `delivery:${id}`,
    payload: { deliveryId: id },
    requestedBy,
  });
  await tx.insert(webhookDeliveries).values({
    id,
    webhookId: to.webhookId,
    jobId,
    messageId: message.id,
    event: message.payload.type,
    payload: message.payload,
  });
  return { id, jobId };
}
