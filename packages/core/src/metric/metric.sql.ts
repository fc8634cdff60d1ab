import { sql } from 'drizzle-orm';
import { check, doublePrecision, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';

/** Operational metrics, such as the 95th percentile of a latency. */
export const metrics = pgTable(
  'metrics',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    key: text('key').notNull(),
    name: text('name').notNull(),
    unit: text('unit').notNull(),
    betterWhen: text('better_when').$type<'up' | 'down'>().notNull(),
    description: text('description').notNull(),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    unique('metrics_key').on(table.portfolioId, table.key),
    check('metrics_better_when', sql`${table.betterWhen} in ('up', 'down')`),
  ],
);

/** What was measured: one value a metric and time. A migration adds the value to the index of the primary key. */
export const metricSamples = pgTable(
  'metric_samples',
  {
    metricId: text('metric_id')
      .notNull()
      .references(() => metrics.id, { onDelete: 'cascade' }),
    at: instant('at').notNull(),
    value: doublePrecision('value').notNull(),
  },
  (table) => [primaryKey({ columns: [table.metricId, table.at] })],
);
