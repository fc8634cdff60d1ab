import { index, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from '../sql.ts';

/**
 * Objects in the bucket that go after a while, unless something refers to them then. Everything that is stored is noted
 * here first (`trackPuts`), and again when what refers to it is deleted (by triggers, so that cascades count too):
 * what was cut off, lost a race or is not wanted any more is found without listing the bucket.
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
