import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { caseStudies } from './case-study.sql.ts';
import { lockBinned } from './lock.ts';
import { binnedCaseStudyRef } from './schemas.ts';

export const purgeCaseStudy = operation({
  name: 'caseStudy.purge',
  kind: 'mutation',
  summary:
    'Delete a case study in the bin for good, with its revisions, claims and PDFs. The schedule does so within a minute. Only owners may.',
  // Of owners, who have chosen how long the bin keeps what others delete.
  scope: 'portfolio:write',
  public: false,
  input: z.strictObject(binnedCaseStudyRef),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { id }, tenant) {
    await lockBinned({ db }, tenant, id);
    await db
      .update(caseStudies)
      .set({ purgeAt: sql`now()` })
      .where(eq(caseStudies.id, id));
    return null;
  },
});
