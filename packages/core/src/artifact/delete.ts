import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies, caseStudyArtifacts } from '../case-study/case-study.sql.ts';
import { forgetFormer } from '../former-slug.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { inUse, usingStudy, usingStudyLimit } from '../using-studies.ts';
import { expectedVersion } from '../version.ts';
import { artifacts } from './artifact.sql.ts';
import { lockArtifact } from './lock.ts';
import { artifactRef } from './schemas.ts';

export const deleteArtifact = operation({
  name: 'artifact.delete',
  kind: 'mutation',
  summary: 'Delete an artifact with all its versions. Fails while a case study presents it.',
  scope: 'artifact:write',
  public: false,
  input: z.strictObject({ ...artifactRef, ...expectedVersion }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { slug, expectedVersion: expected }, tenant) {
    const { id } = await lockArtifact({ db }, tenant, slug, expected);
    const presenting = await db
      .select(usingStudy)
      .from(caseStudyArtifacts)
      .innerJoin(caseStudies, eq(caseStudies.id, caseStudyArtifacts.caseStudyId))
      .where(eq(caseStudyArtifacts.artifactId, id))
      .orderBy(asc(usingStudy.slug))
      .limit(usingStudyLimit);
    if (presenting.length > 0)
      throw inUse(`Artifact "${slug}" is used by`, presenting, 'Remove it from them first.');
    await forgetFormer(db, 'artifact', id);
    await db.delete(artifacts).where(eq(artifacts.id, id));
    return null;
  },
});
