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

/** The measured values, one per metric and time. A migration adds the value to the index of the primary key. */
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
 * Roll-ups: the aggregates of whole UTC days, so that long ranges need not read the samples. A row is valid unless
 * `metric_dirty_days` has its day; `day` is the start of the day.
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
 * Days whose samples changed since the last roll-up, written by a trigger on `metric_samples`. Without a primary key,
 * so that concurrent writers of samples never wait for each other.
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
