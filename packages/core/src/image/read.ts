import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { images } from './image.sql.ts';
import { imageKey } from './internal.ts';
import { imagePath, imageRef, imageSchema } from './schemas.ts';

const linkLifetimeSeconds = 300;

export const readImage = operation({
  name: 'image.read',
  kind: 'query',
  summary: 'Get an image: a link that works for five minutes. Strangers see what a published study shows.',
  scope: 'case-study:read',
  public: true,
  input: z.strictObject(imageRef),
  output: imageSchema.extend({ downloadUrl: z.url() }).meta({ id: 'ImageLink' }),
  tenant: tenantBySlug,
  async run({ db, bucket }, { sha256 }, tenant) {
    const shown = sql`exists (
      select 1 from ${caseStudies}
      where ${caseStudies.portfolioId} = ${tenant.id} and ${caseStudies.status} = 'published'
        and strpos(${caseStudies.body}, ${sha256}) > 0)`;
    const [image] = await db
      .select({ contentType: images.contentType, sizeBytes: images.sizeBytes })
      .from(images)
      .where(
        and(eq(images.portfolioId, tenant.id), eq(images.sha256, sha256), tenant.insider ? undefined : shown),
      );
    if (!image) throw new AppError('not_found', `Portfolio "${tenant.slug}" has no such image.`);
    return {
      sha256,
      url: imagePath(tenant.slug, sha256),
      ...image,
      downloadUrl: await bucket.signedUrl(imageKey(tenant.id, sha256), linkLifetimeSeconds),
    };
  },
});
