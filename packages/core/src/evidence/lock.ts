import { and, eq } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import type { Tenant } from '../tenancy.ts';
import { requireVersion } from '../version.ts';
import { evidence } from './evidence.sql.ts';
import { missingEvidence } from './internal.ts';

/**
 * Locks the evidence's row until the transaction ends; claims can still start to cite it. Throws `not_found` or
 * `precondition_failed`.
 */
export async function lockEvidence(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
  expected: number | '*' = '*',
) {
  const [found] = await db
    .select()
    .from(evidence)
    .where(and(eq(evidence.portfolioId, tenant.id), eq(evidence.slug, slug)))
    .for('no key update');
  if (!found) throw await missingEvidence(db, tenant, slug);
  requireVersion(found, expected);
  return found;
}
