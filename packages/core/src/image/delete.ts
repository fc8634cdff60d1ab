import { and, asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies, caseStudyImages } from '../case-study/case-study.sql.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { inUse, usingStudy, usingStudyLimit } from '../using-studies.ts';
import { images } from './image.sql.ts';
import { imageNotFound } from './internal.ts';
import { imageRef } from './schemas.ts';

export const deleteImage = operation({
  name: 'image.delete',
  kind: 'mutation',
  summary: 'Delete an image. Fails while a case study shows it; earlier revisions show it no more.',
  scope: 'case-study:write',
  public: false,
  input: z.strictObject(imageRef),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { sha256 }, tenant) {
    const showing = await db
      .select(usingStudy)
      .from(caseStudyImages)
      .innerJoin(caseStudies, eq(caseStudies.id, caseStudyImages.caseStudyId))
      .where(and(eq(caseStudies.portfolioId, tenant.id), eq(caseStudyImages.sha256, sha256)))
      .orderBy(asc(usingStudy.slug))
      .limit(usingStudyLimit);
    if (showing.length > 0)
      throw inUse(`Image "${sha256}" is shown by`, showing, 'Remove it from their text first.');
    const deleted = await db
      .delete(images)
      .where(and(eq(images.portfolioId, tenant.id), eq(images.sha256, sha256)))
      .returning({ sha256: images.sha256 });
    if (deleted.length === 0) throw imageNotFound(tenant, sha256);
    return null;
  },
});
