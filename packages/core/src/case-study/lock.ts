import { and, eq, gt, isNotNull, isNull, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Tenant } from '../tenancy.ts';
import { requireVersion } from '../version.ts';
import { caseStudies } from './case-study.sql.ts';
import { missingCaseStudy } from './internal.ts';

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
    .where(
      and(eq(caseStudies.portfolioId, tenant.id), eq(caseStudies.slug, slug), isNull(caseStudies.binnedAt)),
    )
    .for('update');
  if (!found) throw await missingCaseStudy(db, tenant, slug);
  requireVersion(found, expected);
  return found;
}

/** As `lockCaseStudy`, of a study in the bin that can still be undeleted, by its id. */
export async function lockBinned({ db }: Pick<Ctx, 'db'>, tenant: Tenant, id: string) {
  const [found] = await db
    .select({ binnedSlug: caseStudies.binnedSlug, binnedStatus: caseStudies.binnedStatus })
    .from(caseStudies)
    .where(
      and(
        eq(caseStudies.portfolioId, tenant.id),
        eq(caseStudies.id, id),
        isNotNull(caseStudies.binnedAt),
        gt(caseStudies.purgeAt, sql`now()`),
      ),
    )
    .for('update');
  if (found) return found;
  throw new AppError('not_found', `There is no case study "${id}" in the bin of portfolio "${tenant.slug}".`);
}
