import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { claimEvidence } from '../claim/claim.sql.ts';
import { forgetFormer } from '../former-slug.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { inUse, usingStudy, usingStudyLimit } from '../using-studies.ts';
import { expectedVersion } from '../version.ts';
import { evidence } from './evidence.sql.ts';
import { lockEvidence } from './lock.ts';
import { evidenceRef } from './schemas.ts';

export const deleteEvidence = operation({
  name: 'evidence.delete',
  kind: 'mutation',
  summary: 'Delete evidence with all its versions. Fails while a claim cites it.',
  scope: 'evidence:write',
  public: false,
  input: z.strictObject({ ...evidenceRef, ...expectedVersion }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { slug, expectedVersion: expected }, tenant) {
    const { id } = await lockEvidence({ db }, tenant, slug, expected);
    // From here, no claim can start to cite it.
    await db.select({ id: evidence.id }).from(evidence).where(eq(evidence.id, id)).for('update');
    const citing = await db
      .selectDistinct(usingStudy)
      .from(claimEvidence)
      .innerJoin(caseStudies, eq(caseStudies.id, claimEvidence.caseStudyId))
      .where(eq(claimEvidence.evidenceId, id))
      .orderBy(asc(usingStudy.slug))
      .limit(usingStudyLimit);
    if (citing.length > 0)
      throw inUse(`Evidence "${slug}" is cited by claims of`, citing, 'Remove the citations first.');
    await forgetFormer(db, 'evidence', id);
    await db.delete(evidence).where(eq(evidence.id, id));
    return null;
  },
});
