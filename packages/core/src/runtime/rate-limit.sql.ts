import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from '../sql.ts';

/**
 * What each principal has taken in a window, by all processes together. A migration of its own makes the table
 * unlogged: the counts of a minute are not worth a write-ahead log.
 */
export const rateLimits = pgTable(
  'rate_limits',
  {
    key: text('key').notNull(),
    windowStart: instant('window_start').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.key, table.windowStart] })],
);
