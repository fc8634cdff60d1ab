import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { portfolios } from './portfolio/portfolio.sql.ts';
import { instant } from './sql.ts';

/** The slugs that portfolios and their items had before they were renamed. Their addresses lead to the present ones. */
export const formerSlugs = pgTable(
  'former_slugs',
  {
    kind: text('kind').$type<FormerKind>().notNull(),
    /** Within which the slug is unique: the id of a portfolio; empty for portfolios themselves. */
    scope: text('scope').notNull(),
    slug: text('slug').notNull(),
    /** The id of what had it. */
    targetId: text('target_id').notNull(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    since: instant('since').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.kind, table.scope, table.slug] }),
    index('former_slugs_of_portfolio').on(table.portfolioId),
  ],
);

export type FormerKind = 'portfolio' | 'case-study' | 'artifact' | 'evidence' | 'metric';
