import { index, pgTable, text } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';

/** Who did what when. Only `change.ts` writes here, in the transaction of what was done. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    /** Null for what belongs to no portfolio, such as the keys of a user. */
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    at: instant('at').notNull().defaultNow(),
    actor: text('actor').notNull(),
    /** The operation, e.g. `caseStudy.publish`. */
    action: text('action').notNull(),
    /** What it was done to: an id, a slug, or null where there is no such thing. */
    target: text('target'),
    /** Names of the fields that were given; never their values. */
    fields: text('fields').array().notNull(),
  },
  (table) => [index('audit_log_list').on(table.portfolioId, table.at, table.id)],
);
