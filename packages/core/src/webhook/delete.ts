import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { expectedVersion } from '../version.ts';
import { lockWebhook } from './lock.ts';
import { webhookRef } from './schemas.ts';
import { webhooks } from './webhook.sql.ts';

export const deleteWebhook = operation({
  name: 'webhook.delete',
  kind: 'mutation',
  summary: 'Delete a webhook and its deliveries. Messages that were not sent yet are dropped.',
  scope: 'webhook:write',
  public: false,
  input: z.strictObject({ ...webhookRef, ...expectedVersion }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { id, expectedVersion: expected }, tenant) {
    await lockWebhook(db, tenant, id, expected);
    await db.delete(webhooks).where(eq(webhooks.id, id));
    return null;
  },
});
