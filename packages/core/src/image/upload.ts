import { sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { requireStored } from '../stored-object.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { images } from './image.sql.ts';
import { imageKey } from './internal.ts';
import { imageBytes, imagePath, maxImageInputBytes, imageSchema, sniffImage } from './schemas.ts';

export const uploadImage = operation({
  name: 'image.upload',
  kind: 'mutation',
  summary: 'Upload an image for case studies. Identical bytes are stored once.',
  scope: 'case-study:write',
  public: false,
  maxInputBytes: maxImageInputBytes,
  input: z.strictObject({ portfolio: slugSchema, bytes: imageBytes }),
  output: imageSchema,
  tenant: tenantBySlug,
  async prepare({ bucket, scanner, signal }, { bytes }, tenant) {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const about = { contentType: sniffImage(bytes)!, sizeBytes: bytes.length };
    if (scanner) await buffer(scanner.pass(Readable.from([bytes]), signal));
    // The bytes first: a row must never point to a missing object.
    await bucket.put(imageKey(tenant.id, sha256), bytes, { contentType: about.contentType }, signal);
    return { sha256, ...about };
  },
  async run({ db }, _input, tenant, image) {
    await requireStored(db, imageKey(tenant.id, image.sha256));
    await db
      .insert(images)
      .values({ portfolioId: tenant.id, ...image })
      .onConflictDoUpdate({ target: [images.portfolioId, images.sha256], set: { uploadedAt: sql`now()` } });
    return { ...image, url: imagePath(tenant.slug, image.sha256) };
  },
});
