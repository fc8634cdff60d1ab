import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { queueJob } from '../job/accept.ts';
import type { Message } from './schemas.ts';
import { webhookDeliveries } from './webhook.sql.ts';

/**
 * Stores a delivery with the job that sends it (see `queueJob`), and resolves to both ids. Each delivery is a job group of
 * its own: messages have no guaranteed order, and the messages to an unavailable receiver must not block each other.
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
