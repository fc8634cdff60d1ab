import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchWebhook } from './internal.ts';
import { webhookRef, webhookSchema } from './schemas.ts';

export const readWebhook = operation({
  name: 'webhook.read',
  kind: 'query',
  summary: 'Read a webhook, without its secret.',
  scope: 'webhook:read',
  public: false,
  input: z.strictObject(webhookRef),
  output: webhookSchema,
  tenant: tenantBySlug,
  run: (ctx, { id }, tenant) => fetchWebhook(ctx, tenant, id),
});
