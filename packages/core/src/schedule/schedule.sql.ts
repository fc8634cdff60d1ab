import { sql } from 'drizzle-orm';
import { check, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { instant } from '../sql.ts';

/** When each task of `tasks.ts` is due next, its lease, and its last outcome. Only `runs.ts` writes here. */
export const schedules = pgTable(
  'schedules',
  {
    name: text('name').primaryKey(),
    /** The end of the period of the next run. */
    nextRunAt: instant('next_run_at').notNull(),
    /** A run that failed or lost its worker is not repeated before this time. */
    retryAt: instant('retry_at'),
    leaseToken: uuid('lease_token'),
    leaseUntil: instant('lease_until'),
    /** The number of failed runs in a row. The current one counts until it succeeds. */
    failures: integer('failures').notNull().default(0),
    lastError: text('last_error'),
    lastStartedAt: instant('last_started_at'),
    lastSucceededAt: instant('last_succeeded_at'),
  },
  (table) => [check('schedules_lease', sql`(${table.leaseToken} is null) = (${table.leaseUntil} is null)`)],
);
