import { index, pgTable, text } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';

/** The audit log. Only `change.ts` writes it, in the transaction of the change. */
export const auditLog = pgTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    /** Null for changes outside a portfolio, such as those of personal keys. */
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    at: instant('at').notNull().defaultNow(),
    actor: text('actor').notNull(),
    /** The credential of the actor: the id of a key, or the `jti` of a token; null where it has none. */
    credential: text('credential'),
    /** The operation, e.g. `caseStudy.publish`. */
    action: text('action').notNull(),
    /** The id, slug, key or subject of the changed resource, or null if it has none. */
    target: text('target'),
    /** The names of the input fields; never their values. */
    fields: text('fields').array().notNull(),
  },
  (table) => [index('audit_log_list').on(table.portfolioId, table.at, table.id)],
);
