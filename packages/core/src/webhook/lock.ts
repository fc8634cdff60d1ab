import { and, eq } from 'drizzle-orm';
import type { Db } from '../context.ts';
import type { Tenant } from '../tenancy.ts';
import { requireVersion } from '../version.ts';
import { webhookNotFound } from './internal.ts';
import { webhooks } from './webhook.sql.ts';

/** Locks a webhook until the transaction ends. Throws `not_found` or `precondition_failed`. */
export async function lockWebhook(db: Db, tenant: Tenant, id: string, expected: number | '*') {
  const [found] = await db
    .select({ version: webhooks.version, enabled: webhooks.enabled, events: webhooks.events })
    .from(webhooks)
    .where(and(eq(webhooks.portfolioId, tenant.id), eq(webhooks.id, id)))
    .for('update');
  if (!found) throw webhookNotFound(tenant, id);
  requireVersion(found, expected);
  return found;
}
