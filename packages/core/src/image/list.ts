import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies, caseStudyImages } from '../case-study/case-study.sql.ts';
import { operation } from '../operation.ts';
import { keysetPageInput, pageOf, readCursor, toKeysetPage } from '../page.ts';
import { iso, prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { images } from './image.sql.ts';
import { imageItemSchema, imagePath, sha256Schema } from './schemas.ts';

/** Exactly: microseconds since 1970. */
const positionSchema = z.strictObject({ uploaded: z.number(), sha256: sha256Schema });

export const listImages = operation({
  name: 'image.list',
  kind: 'query',
  summary: 'List the images of a portfolio, the last uploaded first, and whether a case study shows them.',
  scope: 'case-study:read',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...keysetPageInput }),
  output: pageOf(imageItemSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor }, { id: portfolioId, slug }) {
    const before = cursor === undefined ? null : readCursor(cursor, positionSchema);
    const rows = await imagesBefore(db).execute({
      portfolioId,
      uploaded: before?.uploaded ?? null,
      sha256: before?.sha256 ?? null,
      limit: limit + 1,
    });
    const page = toKeysetPage(rows, limit, ({ uploaded, sha256 }) => ({ uploaded, sha256 }));
    return {
      ...page,
      items: page.items.map(({ uploaded: _, ...image }) => ({
        ...image,
        url: imagePath(slug, image.sha256),
      })),
    };
  },
});

const uploaded = sql<number>`(extract(epoch from ${images.uploadedAt}) * 1000000)::float8`;

const imagesBefore = prepared((db) =>
  db
    .select({
      sha256: images.sha256,
      contentType: images.contentType,
      sizeBytes: images.sizeBytes,
      uploadedAt: iso(images.uploadedAt),
      // With names of tables: Drizzle leaves them out where it selects from a single one.
      isShown: sql<boolean>`exists (
        select 1 from ${caseStudyImages} shown join ${caseStudies} study on study.id = shown.case_study_id
        where shown.sha256 = images.sha256 and study.portfolio_id = images.portfolio_id)`,
      uploaded,
    })
    .from(images)
    .where(
      and(
        eq(images.portfolioId, sql.placeholder('portfolioId')),
        sql`(${sql.placeholder('uploaded')}::float8 is null
          or (${uploaded}, ${images.sha256}) < (${sql.placeholder('uploaded')}::float8, ${sql.placeholder('sha256')}))`,
      ),
    )
    .orderBy(desc(images.uploadedAt), desc(images.sha256))
    .limit(sql.placeholder('limit'))
    .prepare('image_list'),
);
