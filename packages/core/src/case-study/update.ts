import { eq, sql } from 'drizzle-orm';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { lockCaseStudy } from './lock.ts';
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
  async run({ db }, { portfolio: _, slug, expectedVersion, ...changes }, tenant) {
    const { id } = await lockCaseStudy({ db }, tenant, slug, expectedVersion);
    // Nothing asked, nothing changed: not even the version.
    if (Object.keys(changes).length === 0) return fetchCaseStudy({ db }, tenant, slug);
    await db
      .update(caseStudies)
      .set({ ...changes, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(caseStudies.id, id));
    return fetchCaseStudy({ db }, tenant, slug);
  },
});
