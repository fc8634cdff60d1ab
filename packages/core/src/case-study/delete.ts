import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { recordPublication } from './status.ts';
import { lockCaseStudy } from './lock.ts';
import { caseStudyChange } from './schemas.ts';

export const deleteCaseStudy = operation({
  name: 'caseStudy.delete',
  kind: 'mutation',
  summary: 'Delete a case study with its revisions and claims. Its jobs and their results are not deleted.',
  scope: 'case-study:write',
  public: false,
  input: caseStudyChange,
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { slug, expectedVersion }, tenant) {
    const { id, status } = await lockCaseStudy({ db }, tenant, slug, expectedVersion);
    if (status === 'published') {
      const study = await fetchCaseStudy({ db }, tenant, slug);
      await recordPublication(db, tenant, 'case-study.unpublished', study);
    }
    await db.delete(caseStudies).where(eq(caseStudies.id, id));
    return null;
  },
});
