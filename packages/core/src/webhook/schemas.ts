import { z } from 'zod';

/** What webhooks can be told of. */
export const webhookEventTypeSchema = z.enum([
  'case-study.published',
  'case-study.unpublished',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
]);
export type WebhookEventType = z.infer<typeof webhookEventTypeSchema>;

export const deliveryStateSchema = z.enum(['pending', 'delivered', 'failed']);
export type DeliveryState = z.infer<typeof deliveryStateSchema>;
