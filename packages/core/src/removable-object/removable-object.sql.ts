import { sql } from 'drizzle-orm';
import { boolean, index, pgTable, text } from 'drizzle-orm/pg-core';
import { instant } from '../sql.ts';

/**
 * Objects in the bucket to be checked, and deleted if nothing refers to them then. An object is recorded here before it is
 * stored (`trackPuts`), to be checked a day later, and again when a row that refers to it is deleted (by triggers, which
 * include cascades), to be checked at once. So leftovers of any kind are found without listing the bucket.
 */
export const removableObjects = pgTable(
  'removable_objects',
  {
    key: text('key').primaryKey(),
    /** When it was last stored, or last lost a reference. */
    since: instant('since').notNull().defaultNow(),
    /** True where what referred to it was deleted: it is not left for a day, and none of its versions is. */
    atOnce: boolean('at_once').notNull().default(false),
  },
  (table) => [
    index('removable_objects_since').on(table.since),
    index('removable_objects_at_once')
      .on(table.since)
      .where(sql`${table.atOnce}`),
  ],
);
