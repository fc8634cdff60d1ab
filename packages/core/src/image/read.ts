import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { images } from './image.sql.ts';
import { imageKey, imageNotFound } from './internal.ts';
import { imagePath, imageRef, imageSchema } from './schemas.ts';

const linkLifetimeSeconds = 300;

export const readImage = operation({
  name: 'image.read',
  kind: 'query',
  summary:
    'Get a link to an image, valid for five minutes. Anonymous readers see images of published studies only.',
  scope: 'case-study:read',
  public: true,
  input: z.strictObject(imageRef),
  output: imageSchema.extend({ downloadUrl: z.url() }).meta({ id: 'ImageLink' }),
  tenant: tenantBySlug,
  async run({ db, bucket }, { sha256 }, tenant) {
    const [image] = await find(db, tenant).execute({ portfolioId: tenant.id, sha256 });
    if (!image) throw imageNotFound(tenant, sha256);
    return {
      sha256,
      url: imagePath(tenant.slug, sha256),
      ...image,
      downloadUrl: await bucket.signedUrl(imageKey(tenant.id, sha256), linkLifetimeSeconds),
    };
  },
});

const find = preparedFor('image', isVisible.image, (db, visible) =>
  db
    .select({ contentType: images.contentType, sizeBytes: images.sizeBytes })
    .from(images)
    .where(
      and(
        eq(images.portfolioId, sql.placeholder('portfolioId')),
        eq(images.sha256, sql.placeholder('sha256')),
        visible,
      ),
    ),
);
