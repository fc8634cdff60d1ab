import { sql } from 'drizzle-orm';
import { check, index, integer, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';

export const caseStudies = pgTable(
  'case_studies',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    slug: text('slug').notNull(),
    title: text('title').notNull(),
    summary: text('summary').notNull(),
    body: text('body').notNull(),
    client: text('client'),
    period: jsonb('period').$type<{ from: string; to?: string | undefined }>(),
    tags: text('tags').array().notNull(),
    language: text('language').notNull(),
    status: text('status').$type<'draft' | 'published'>().notNull().default('draft'),
    version: integer('version').notNull().default(1),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    publishedAt: instant('published_at'),
  },
  (table) => [
    unique('case_studies_slug').on(table.portfolioId, table.slug),
    index('case_studies_list').on(table.portfolioId, table.id),
    index('case_studies_list_published')
      .on(table.portfolioId, table.id)
      .where(sql`${table.status} = 'published'`),
    check('case_studies_status', sql`${table.status} in ('draft', 'published')`),
  ],
);
