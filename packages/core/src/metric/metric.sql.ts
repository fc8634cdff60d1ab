import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  doublePrecision,
  index,
  pgTable,
  primaryKey,
  text,
  unique,
} from 'drizzle-orm/pg-core';
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

/**
 * What the samples of a whole day (UTC) sum up to, so that long ranges need not read them. Holds for each day that has
 * samples and that `metric_dirty_days` does not name; `day` is when it begins.
 */
export const metricDays = pgTable(
  'metric_days',
  {
    metricId: text('metric_id')
      .notNull()
      .references(() => metrics.id, { onDelete: 'cascade' }),
    day: instant('day').notNull(),
    count: bigint('count', { mode: 'number' }).notNull(),
    sum: doublePrecision('sum').notNull(),
    min: doublePrecision('min').notNull(),
    max: doublePrecision('max').notNull(),
    p50: doublePrecision('p50').notNull(),
    p95: doublePrecision('p95').notNull(),
  },
  (table) => [primaryKey({ columns: [table.metricId, table.day] })],
);

/**
 * Days whose samples changed since they were last rolled up, written by a trigger of `metric_samples`. Without a key:
 * who writes samples only adds rows, and so waits for nobody.
 */
export const metricDirtyDays = pgTable(
  'metric_dirty_days',
  {
    metricId: text('metric_id')
      .notNull()
      .references(() => metrics.id, { onDelete: 'cascade' }),
    day: instant('day').notNull(),
  },
  (table) => [index('metric_dirty_days_metric').on(table.metricId, table.day)],
);
