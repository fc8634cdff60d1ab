import { index, json, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { instant } from './sql.ts';

/** Answers of requests that came with an idempotency key, written in the transaction of what they did. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    principal: text('principal').notNull(),
    operation: text('operation').notNull(),
    key: text('key').notNull(),
    requestHash: text('request_hash').notNull(),
    /** Byte by byte as it was; null where the answer held a secret, which is shown only once. */
    response: json('response'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.principal, table.operation, table.key] }),
    index('idempotency_keys_age').on(table.createdAt),
  ],
);
