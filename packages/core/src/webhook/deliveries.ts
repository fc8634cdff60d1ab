import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { requireAlso, tenantBySlug } from '../tenancy.ts';
import { scopesOfEvents } from './event-scopes.ts';
import { deliveryColumns, fetchDelivery, fetchWebhook } from './internal.ts';
import {
  deliveryRef,
  deliverySchema,
  deliveryStateSchema,
  deliveryWithPayloadSchema,
  webhookRef,
} from './schemas.ts';
import { webhookDeliveries, webhooks } from './webhook.sql.ts';

export const listDeliveries = operation({
  name: 'webhook.deliveries',
  kind: 'query',
  summary: 'List the deliveries to a webhook and their outcomes, newest first.',
  scope: 'webhook:read',
  public: false,
  input: z.strictObject({
    ...webhookRef,
    state: deliveryStateSchema.optional().describe('Only deliveries in this state.'),
    ...pageInput,
  }),
  output: pageOf(deliverySchema),
  tenant: tenantBySlug,
  async run(ctx, { id, state = null, limit, cursor = newest('delivery') }, tenant) {
    await fetchWebhook(ctx, tenant, id);
    const rows = await listBefore(ctx.db).execute({ id, state, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

export const readDelivery = operation({
  name: 'webhook.delivery',
  kind: 'query',
  summary: 'Read a delivery with its payload. It needs the read scopes of what the message shows.',
  scope: 'webhook:read',
  public: false,
  input: z.strictObject(deliveryRef),
  output: deliveryWithPayloadSchema,
  tenant: tenantBySlug,
  async run(ctx, { id, delivery }, tenant) {
    const found = await fetchDelivery(ctx, tenant, id, delivery);
    requireAlso({ name: 'webhook.delivery' }, tenant, scopesOfEvents([found.event]));
    return found;
  },
});

const listBefore = prepared((db) =>
  db
    .select(deliveryColumns)
    .from(webhookDeliveries)
    .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
    .innerJoin(portfolios, eq(portfolios.id, webhooks.portfolioId))
    .where(
      and(
        eq(webhookDeliveries.webhookId, sql.placeholder('id')),
        lt(webhookDeliveries.id, sql.placeholder('cursor')),
        sql`coalesce(${webhookDeliveries.state} = ${sql.placeholder('state')}, true)`,
      ),
    )
    .orderBy(desc(webhookDeliveries.id))
    .limit(sql.placeholder('limit'))
    .prepare('webhook_deliveries'),
);
