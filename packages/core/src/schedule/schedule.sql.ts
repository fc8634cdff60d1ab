import { sql } from 'drizzle-orm';
import { check, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { instant } from '../sql.ts';

/** When each task of `tasks.ts` comes next, who runs it, and how it went. Only `runs.ts` writes here. */
export const schedules = pgTable(
  'schedules',
  {
    name: text('name').primaryKey(),
    /** The end of the period that the next run is for. */
    nextRunAt: instant('next_run_at').notNull(),
    /** A run that failed, or was never heard of again, is not repeated before. */
    retryAt: instant('retry_at'),
    leaseToken: uuid('lease_token'),
    leaseUntil: instant('lease_until'),
    /** Runs in a row that did not succeed; the present one counts until it has. */
    failures: integer('failures').notNull().default(0),
    lastError: text('last_error'),
    lastStartedAt: instant('last_started_at'),
    lastSucceededAt: instant('last_succeeded_at'),
  },
  (table) => [check('schedules_lease', sql`(${table.leaseToken} is null) = (${table.leaseUntil} is null)`)],
);
