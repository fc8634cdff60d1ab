import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from '../sql.ts';

/**
 * The usage of each principal in a window, summed over all processes. A custom migration makes the table unlogged: the
 * counts of a minute are not worth a write-ahead log.
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
