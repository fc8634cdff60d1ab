import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies, caseStudyArtifacts } from '../case-study/case-study.sql.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { expectedVersion } from '../version.ts';
import { artifacts } from './artifact.sql.ts';
import { lockArtifact } from './lock.ts';
import { artifactRef } from './schemas.ts';

/** The maximum number of case studies that an error lists. */
const maxListed = 10;

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
      .select({ slug: caseStudies.slug })
      .from(caseStudyArtifacts)
      .innerJoin(caseStudies, eq(caseStudies.id, caseStudyArtifacts.caseStudyId))
      .where(eq(caseStudyArtifacts.artifactId, id))
      .orderBy(asc(caseStudies.slug))
      .limit(maxListed);
    if (presenting.length > 0) {
      const studies = presenting.map((study) => `"${study.slug}"`).join(', ');
      throw new AppError(
        'conflict',
        `Artifact "${slug}" is used by the case studies ${studies}. Remove it from them first.`,
      );
    }
    await db.delete(artifacts).where(eq(artifacts.id, id));
    return null;
  },
});
