import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { requireAlso, tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { expectedVersion } from '../version.ts';
import { scopesOfEvents } from './event-scopes.ts';
import { fetchWebhook } from './internal.ts';
import { lockWebhook } from './lock.ts';
import { recordDisabled } from './record-disabled.ts';
import { webhookFields, webhookRef, webhookSchema } from './schemas.ts';
import { webhooks } from './webhook.sql.ts';

const whenChanged = {
  enabled: { enabled: true, disabledReason: null, failingSince: null },
  disabled: { enabled: false, disabledReason: 'manual' as const },
};

export const updateWebhook = operation({
  name: 'webhook.update',
  kind: 'mutation',
  summary: 'Change the given fields of a webhook, or enable or disable it.',
  scope: 'webhook:write',
  shows: ['webhook:read'],
  public: false,
  input: z.strictObject({
    ...webhookRef,
    ...z.object({ ...webhookFields, enabled: z.boolean() }).partial().shape,
    ...expectedVersion,
  }),
  output: webhookSchema,
  tenant: tenantBySlug,
  async run(ctx, { portfolio: _, id, expectedVersion: expected, enabled, ...changes }, tenant) {
    const found = await lockWebhook(ctx.db, tenant, id, expected);
    // Who decides where messages go can read them.
    if (changes.url !== undefined || changes.events !== undefined) {
      requireAlso({ name: 'webhook.update' }, tenant, scopesOfEvents(changes.events ?? found.events));
    }
    const isChanged = enabled !== undefined && enabled !== found.enabled;
    await ctx.db
      .update(webhooks)
      .set({
        ...changes,
        ...(isChanged && (enabled ? whenChanged.enabled : whenChanged.disabled)),
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(webhooks.id, id));
    if (isChanged && !enabled) await recordDisabled(ctx.db, id);
    return fetchWebhook(ctx, tenant, id);
  },
});
