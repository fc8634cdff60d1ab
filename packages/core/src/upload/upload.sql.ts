import { bigint, pgTable, text } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';

/** Files that clients may send directly to the bucket, and that nothing refers to yet. */
export const uploads = pgTable('uploads', {
  id: text('id').primaryKey(),
  portfolioId: text('portfolio_id')
    .notNull()
    .references(() => portfolios.id, { onDelete: 'cascade' }),
  fileName: text('file_name').notNull(),
  contentType: text('content_type').notNull(),
  sizeBytes: bigint('size_bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  /** The malware in it; null unless the file was scanned and contains some. It can never be used then. */
  threat: text('threat'),
  createdBy: text('created_by').notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  expiresAt: instant('expires_at').notNull(),
});
