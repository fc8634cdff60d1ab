import type { Db } from '../context.ts';
import { newId } from '../ids.ts';
import { queueJobs } from '../job/accept.ts';
import type { ChangedJob } from '../job/jobs-changed.ts';
import type { Message } from './schemas.ts';
import { webhookDeliveries } from './webhook.sql.ts';

/** A message to a webhook. */
export type NewDelivery = {
  webhookId: string;
  portfolioId: string;
  message: { id: string; payload: Message };
  /** Of what caused the message; null if that is not known. */
  traceparent: string | null;
};

/**
 * Stores deliveries with the jobs that send them (see `queueJobs`). Each delivery is a job group of its own: messages
 * have no guaranteed order, and the messages to an unavailable receiver must not block each other.
 */
export async function startDeliveries(
  tx: Db,
  deliveries: readonly NewDelivery[],
  requestedBy: string,
): Promise<{ id: string; job: ChangedJob }[]> {
  if (deliveries.length === 0) return [];
  const ids = deliveries.map(() => newId('delivery'));
  const jobs = await queueJobs(
    tx,
    deliveries.map(({ portfolioId, message, traceparent }, at) => ({
      portfolioId,
      traceparent,
      kind: 'webhook.deliver',
      subject: message.payload.type,
      groupKey: `delivery:${ids[at]!}`,
      payload: { deliveryId: ids[at]! },
      requestedBy,
    })),
  );
  await tx.insert(webhookDeliveries).values(
    deliveries.map(({ webhookId, message }, at) => ({
      id: ids[at]!,
      webhookId,
      jobId: jobs[at]!.jobId,
      messageId: message.id,
      event: message.payload.type,
      payload: message.payload,
    })),
  );
  return jobs.map((job, at) => ({ id: ids[at]!, job }));
}
