import { and, eq } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import type { Tenant } from '../tenancy.ts';
import { requireVersion } from '../version.ts';
import { caseStudies } from './case-study.sql.ts';
import { caseStudyNotFound } from './internal.ts';

/** Locks the study's row until the transaction ends. Throws `not_found` or `precondition_failed`. */
export async function lockCaseStudy(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
  expected: number | '*',
) {
  const [found] = await db
    .select({ id: caseStudies.id, version: caseStudies.version, status: caseStudies.status })
    .from(caseStudies)
    .where(and(eq(caseStudies.portfolioId, tenant.id), eq(caseStudies.slug, slug)))
    .for('update');
  if (!found) throw caseStudyNotFound(tenant, slug);
  requireVersion(found, expected);
  return found;
}
