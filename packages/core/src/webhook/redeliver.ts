import { z } from 'zod';
import { actorName } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { jobsChanged } from '../job/jobs-changed.ts';
import { operation } from '../operation.ts';
import { traceparentOf } from '../telemetry/trace.ts';
import { type Tenant, requireAlso, tenantBySlug } from '../tenancy.ts';
import { scopesOfEvents } from './event-scopes.ts';
import { fetchDelivery } from './internal.ts';
import { lockWebhook } from './lock.ts';
import { type Message, deliveryRef, deliverySchema, webhookRef } from './schemas.ts';
import { startDeliveries } from './start-delivery.ts';

export const redeliver = operation({
  name: 'webhook.redeliver',
  kind: 'mutation',
  summary:
    'Send a message again with the same message id. This creates a new delivery. It needs the read scopes of what the message shows.',
  scope: 'webhook:write',
  shows: ['webhook:read'],
  public: false,
  input: z.strictObject(deliveryRef),
  output: deliverySchema,
  tenant: tenantBySlug,
  async run(ctx, { id, delivery }, tenant) {
    const { enabled } = await lockWebhook(ctx.db, tenant, id, '*');
    const { messageId, payload, state, event } = await fetchDelivery(ctx, tenant, id, delivery);
    requireAlso({ name: 'webhook.redeliver' }, tenant, scopesOfEvents([event]));
    if (!enabled) throw new AppError('conflict', `Webhook "${id}" is disabled. Enable it first.`);
    if (state === 'pending') {
      throw new AppError(
        'conflict',
        `Delivery "${delivery}" is still pending. Redeliver it once it is delivered or failed.`,
      );
    }
    return start(ctx, tenant, id, { id: messageId, payload });
  },
});

export const testWebhook = operation({
  name: 'webhook.test',
  kind: 'mutation',
  summary: 'Send a `ping` to test a webhook, even if it is disabled.',
  scope: 'webhook:write',
  shows: ['webhook:read'],
  public: false,
  input: z.strictObject(webhookRef),
  output: deliverySchema,
  tenant: tenantBySlug,
  async run(ctx, { id }, tenant) {
    await lockWebhook(ctx.db, tenant, id, '*');
    const timestamp = new Date().toISOString();
    const payload: Message = { type: 'ping', timestamp, data: { portfolio: tenant.slug, webhook: id } };
    return start(ctx, tenant, id, { id: newId('message'), payload });
  },
});

async function start(ctx: Ctx, tenant: Tenant, webhookId: string, message: { id: string; payload: Message }) {
  const traceparent = traceparentOf(ctx.origin?.traceparent);
  const delivery = { webhookId, portfolioId: tenant.id, message, traceparent };
  const [started] = await startDeliveries(ctx.db, [delivery], actorName(ctx.actor));
  jobsChanged(ctx, [started!.job]);
  return fetchDelivery(ctx, tenant, webhookId, started!.id);
}
