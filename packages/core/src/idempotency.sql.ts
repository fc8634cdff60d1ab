import { index, json, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './sql.ts';

/** Results of requests with an idempotency key, stored in the transaction of the change. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    principal: text('principal').notNull(),
    operation: text('operation').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    /** As `json`, which keeps every byte; null where the result contained a secret, which is returned only once, or what was deleted since. */
    response: json('response'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.principal, table.operation, table.key] }),
    index('idempotency_keys_age').on(table.createdAt),
  ],
);
