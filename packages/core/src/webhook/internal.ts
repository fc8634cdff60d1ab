import { and, eq, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { readMessage } from './schemas.ts';
import { webhookDeliveries, webhooks } from './webhook.sql.ts';

/** The public fields of a webhook; its portfolio has to be joined. */
export const webhookColumns = {
  id: webhooks.id,
  portfolio: portfolios.slug,
  url: webhooks.url,
  events: webhooks.events,
  description: webhooks.description,
  enabled: webhooks.enabled,
  disabledReason: webhooks.disabledReason,
  version: webhooks.version,
  createdAt: iso(webhooks.createdAt),
  updatedAt: iso(webhooks.updatedAt),
};

/** The public fields of a delivery; its webhook and its portfolio have to be joined. */
export const deliveryColumns = {
  id: webhookDeliveries.id,
  portfolio: portfolios.slug,
  webhook: webhookDeliveries.webhookId,
  messageId: webhookDeliveries.messageId,
  event: webhookDeliveries.event,
  state: webhookDeliveries.state,
  job: webhookDeliveries.jobId,
  attempts: webhookDeliveries.attempts,
  responseStatus: webhookDeliveries.responseStatus,
  error: webhookDeliveries.error,
  createdAt: iso(webhookDeliveries.createdAt),
  deliveredAt: isoOrNull(webhookDeliveries.deliveredAt),
};

const { placeholder } = sql;

const webhookById = prepared((db) =>
  db
    .select(webhookColumns)
    .from(webhooks)
    .innerJoin(portfolios, eq(portfolios.id, webhooks.portfolioId))
    .where(and(eq(webhooks.portfolioId, placeholder('portfolioId')), eq(webhooks.id, placeholder('id'))))
    .prepare('webhook_by_id'),
);

/** The webhook of the portfolio; `not_found` otherwise. */
export async function fetchWebhook({ db }: Pick<Ctx, 'db'>, tenant: Tenant, id: string) {
  const [found] = await webhookById(db).execute({ portfolioId: tenant.id, id });
  if (!found) throw webhookNotFound(tenant, id);
  return found;
}

const deliveryById = prepared((db) =>
  db
    .select({ ...deliveryColumns, payload: webhookDeliveries.payload })
    .from(webhookDeliveries)
    .innerJoin(webhooks, eq(webhooks.id, webhookDeliveries.webhookId))
    .innerJoin(portfolios, eq(portfolios.id, webhooks.portfolioId))
    .where(
      and(
        eq(webhooks.portfolioId, placeholder('portfolioId')),
        eq(webhooks.id, placeholder('webhookId')),
        eq(webhookDeliveries.id, placeholder('id')),
      ),
    )
    .prepare('webhook_delivery_by_id'),
);

/** The delivery to the webhook of the portfolio, with its payload; `not_found` otherwise. */
export async function fetchDelivery({ db }: Pick<Ctx, 'db'>, tenant: Tenant, webhookId: string, id: string) {
  const [found] = await deliveryById(db).execute({ portfolioId: tenant.id, webhookId, id });
  if (!found) throw new AppError('not_found', `Webhook "${webhookId}" has no delivery "${id}".`);
  return { ...found, payload: readMessage(found.payload) };
}

export function webhookNotFound({ slug }: Tenant, id: string): AppError {
  return new AppError('not_found', `Portfolio "${slug}" has no webhook "${id}".`);
}
