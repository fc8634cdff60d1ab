import { type SQL, and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies, caseStudyImages } from '../case-study/case-study.sql.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { prepared } from '../sql.ts';
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
    const find = tenant.insider ? findImage : findShownImage;
    const [image] = await find(db).execute({ portfolioId: tenant.id, sha256 });
    if (!image) throw new AppError('not_found', `Portfolio "${tenant.slug}" has no such image.`);
    return {
      sha256,
      url: imagePath(tenant.slug, sha256),
      ...image,
      downloadUrl: await bucket.signedUrl(imageKey(tenant.id, sha256), linkLifetimeSeconds),
    };
  },
});

const findImage = prepared((db) => selectImage(db).prepare('image'));

const shown = sql`exists (
  select 1 from ${caseStudyImages} join ${caseStudies} on ${caseStudies.id} = ${caseStudyImages.caseStudyId}
  where ${caseStudyImages.sha256} = ${images.sha256}
    and ${caseStudies.portfolioId} = ${images.portfolioId} and ${caseStudies.status} = 'published')`;
const findShownImage = prepared((db) => selectImage(db, shown).prepare('image_shown'));

function selectImage(db: Db, only?: SQL) {
  return db
    .select({ contentType: images.contentType, sizeBytes: images.sizeBytes })
    .from(images)
    .where(
      and(
        eq(images.portfolioId, sql.placeholder('portfolioId')),
        eq(images.sha256, sql.placeholder('sha256')),
        only,
      ),
    );
}
