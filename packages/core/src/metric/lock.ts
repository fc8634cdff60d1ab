import { and, eq } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import type { Tenant } from '../tenancy.ts';
import { missingMetric } from './internal.ts';
import { metrics } from './metric.sql.ts';

/**
 * Locks the metric's row until the transaction ends. Throws `not_found`. `key share` only prevents its deletion;
 * `update` prevents every change.
 */
export async function lockMetric(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  key: string,
  strength: 'update' | 'key share',
) {
  const [found] = await db
    .select({ id: metrics.id, version: metrics.version })
    .from(metrics)
    .where(and(eq(metrics.portfolioId, tenant.id), eq(metrics.key, key)))
    .for(strength);
  if (!found) throw await missingMetric(db, tenant, key);
  return found;
}
