import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import type { ImageType } from './schemas.ts';

/** Images of case studies. The bytes are in the bucket, stored by hash. */
export const images = pgTable(
  'images',
  {
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    sha256: text('sha256').notNull(),
    contentType: text('content_type').$type<ImageType>().notNull(),
    sizeBytes: integer('size_bytes').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    /** When it was last uploaded: an image that no study has shown by then is not deleted for a while. */
    uploadedAt: instant('uploaded_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.portfolioId, table.sha256] }),
    index('images_list').on(table.portfolioId, table.uploadedAt, table.sha256),
  ],
);
