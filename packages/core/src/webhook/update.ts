import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { operation } from '../operation.ts';
import { requireAlso, tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { expectedVersion } from '../version.ts';
import { scopesOfEvents } from './event-scopes.ts';
import { fetchWebhook } from './internal.ts';
import { lockWebhook } from './lock.ts';
import { recordDisabled } from './record-disabled.ts';
import { webhookFields, webhookRef, webhookSchema } from './schemas.ts';
import { webhookDeliveries, webhooks } from './webhook.sql.ts';

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
  recentSignIn: true,
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
      const pending = changes.url === undefined ? [] : await pendingEvents(ctx.db, id);
      const shown = scopesOfEvents([...(changes.events ?? found.events), ...pending]);
      requireAlso({ name: 'webhook.update' }, tenant, shown);
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
    if (isChanged && !enabled) await recordDisabled(ctx.db, id, ctx.origin?.traceparent);
    return fetchWebhook(ctx, tenant, id);
  },
});

/** The events of messages that are still to be sent, which go to the URL that the webhook has by then. */
async function pendingEvents(db: Db, id: string) {
  const { event, webhookId, state } = webhookDeliveries;
  const found = await db
    .selectDistinct({ event })
    .from(webhookDeliveries)
    .where(and(eq(webhookId, id), eq(state, 'pending')));
  return found.map((delivery) => delivery.event);
}
