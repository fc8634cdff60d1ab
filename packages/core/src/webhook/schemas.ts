import { z } from 'zod';
import { idOf } from '../ids.ts';
import { readerOf } from '../stored-json.ts';
import { slugSchema, text } from '../text.ts';
import { isPlainUrl, plainUrlError } from '../url.ts';

/** The events that webhooks can subscribe to. */
const webhookEventTypeSchema = z.enum([
  'case-study.published',
  'case-study.unpublished',
  'claim.backed',
  'claim.stale',
  'claim.broken',
  'evidence.changed',
  'evidence.vanished',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
  'webhook.disabled',
  'audit.recorded',
]);
export type WebhookEventType = z.infer<typeof webhookEventTypeSchema>;

/** All events of messages: those, and the `ping` of a test. */
const deliveredEventSchema = z.enum([...webhookEventTypeSchema.options, 'ping']);
export type DeliveredEvent = z.infer<typeof deliveredEventSchema>;

/** What the message `webhook.disabled` says: not the whole URL, which may contain a secret of its receiver. */
export type DisabledWebhook = { webhook: string; host: string; description: string; reason: DisabledReason };

/** The body of a message (Standard Webhooks). */
export const messageSchema = z.object({
  type: deliveredEventSchema,
  timestamp: z.iso.datetime().describe('When it happened.'),
  data: z.record(z.string(), z.unknown()),
});
export type Message = z.infer<typeof messageSchema>;

/** Reads a stored message. */
export const readMessage = readerOf(messageSchema);

export const deliveryStateSchema = z.enum(['pending', 'delivered', 'failed']);
export type DeliveryState = z.infer<typeof deliveryStateSchema>;

const disabledReasonSchema = z.enum(['manual', 'gone', 'failing']);
export type DisabledReason = z.infer<typeof disabledReasonSchema>;

const urlSchema = z
  .string()
  .max(2000)
  .refine(isPlainUrl, plainUrlError)
  .pipe(
    z
      .url({
        protocol: /^https$/,
        // No IP address and no local name. The addresses of the name are checked when a message is sent.
        hostname: /^([a-z0-9-]{1,63}\.)+[a-z]([a-z0-9-]*[a-z0-9])$/i,
        normalize: true,
        error:
          'Expected a URL that begins with https:// and has a host name, such as https://example.com/hook.',
      })
      .max(2000)
      .refine((url) => !url.includes('#'), 'Expected a URL without fragment.'),
  )
  .describe('The URL to which messages are sent by POST; https only.');

/** The writable fields of a webhook. */
export const webhookFields = {
  url: urlSchema,
  events: z
    .array(webhookEventTypeSchema)
    .min(1)
    .max(webhookEventTypeSchema.options.length)
    .transform((events) => [...new Set(events)])
    .describe('The events that it is notified of.'),
  description: text(500),
};

/** A webhook, without its secret. It is disabled by its owner, by a response of 410, or when it has been failing for days. */
export const webhookSchema = z
  .object({
    id: idOf('webhook'),
    portfolio: slugSchema,
    url: z.string(),
    events: z.array(webhookEventTypeSchema).max(webhookEventTypeSchema.options.length),
    description: z.string(),
    enabled: z.boolean(),
    disabledReason: disabledReasonSchema.nullable(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });

/** A webhook with a new secret, which is shown only once. */
export const webhookWithSecretSchema = webhookSchema
  .extend({
    secret: z.string().describe('Shown only once: `whsec_` and the HMAC-SHA256 key in base64.'),
  })
  .meta({ id: 'WebhookWithSecret' });

export const webhookRef = { portfolio: slugSchema, id: idOf('webhook') };

/** The delivery of a message to a webhook, and its outcome. `attempts` counts the requests that were sent. */
export const deliverySchema = z
  .object({
    id: idOf('delivery'),
    portfolio: slugSchema,
    webhook: idOf('webhook'),
    messageId: z.string().describe('`webhook-id`: the same for every attempt and every redelivery.'),
    event: deliveredEventSchema,
    state: deliveryStateSchema,
    job: idOf('job').nullable().describe('The job that sends it.'),
    attempts: z.int(),
    responseStatus: z.int().nullable().describe('HTTP status of the last response.'),
    error: z.string().nullable().describe('Why the last attempt failed.'),
    createdAt: z.iso.datetime(),
    deliveredAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });

/** A delivery with its payload. */
export const deliveryWithPayloadSchema = deliverySchema
  .extend({ payload: messageSchema })
  .meta({ id: 'WebhookDeliveryWithPayload' });

export const deliveryRef = { ...webhookRef, delivery: idOf('delivery') };
