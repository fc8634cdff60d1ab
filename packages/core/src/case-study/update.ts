import { and, eq, sql } from 'drizzle-orm';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy, noCaseStudy } from './internal.ts';
import { caseStudyPatch, caseStudySchema } from './schemas.ts';

export const updateCaseStudy = operation({
  name: 'caseStudy.update',
  kind: 'mutation',
  summary: 'Change the given fields of a case study.',
  scope: 'case-study:write',
  public: false,
  input: caseStudyPatch,
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, slug, ...changes }, tenant) {
    // Nothing asked, nothing changed: not even the version.
    if (Object.keys(changes).length === 0) return fetchCaseStudy({ db }, tenant, slug);
    const updated = await db
      .update(caseStudies)
      .set({ ...changes, version: sql`${caseStudies.version} + 1`, updatedAt: sql`now()` })
      .where(and(eq(caseStudies.portfolioId, tenant.id), eq(caseStudies.slug, slug)))
      .returning({ id: caseStudies.id });
    if (updated.length === 0) throw noCaseStudy(tenant, slug);
    return fetchCaseStudy({ db }, tenant, slug);
  },
});
