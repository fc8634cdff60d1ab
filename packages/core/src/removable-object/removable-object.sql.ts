import { index, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from '../sql.ts';

/**
 * Objects in the bucket to be checked a day later, and deleted if nothing refers to them then. An object is recorded here
 * before it is stored (`trackPuts`), and again when a row that refers to it is deleted (by triggers, which include
 * cascades). So leftovers of any kind are found without listing the bucket.
 */
export const removableObjects = pgTable(
  'removable_objects',
  {
    key: text('key').primaryKey(),
    /** When it was last stored, or last lost a reference. */
    since: instant('since').notNull().defaultNow(),
  },
  (table) => [index('removable_objects_since').on(table.since)],
);
