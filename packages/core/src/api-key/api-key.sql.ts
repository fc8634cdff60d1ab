import { sql } from 'drizzle-orm';
import { check, index, pgTable, text } from 'drizzle-orm/pg-core';
import type { Scope } from '../actor.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';

/** API keys. Only the hash of the secret is stored. A key belongs to a subject or to one portfolio. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** The first characters of the secret, by which the owner recognizes it; too few to guess the rest. */
    prefix: text('prefix').notNull().default('pk_'),
    secretHash: text('secret_hash').notNull().unique(),
    subject: text('subject'),
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    scopes: text('scopes').array().$type<Scope[]>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at'),
    /** Accurate to about a minute. */
    lastUsedAt: instant('last_used_at'),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    index('api_keys_of_portfolio').on(table.portfolioId, table.id),
    index('api_keys_of_subject').on(table.subject, table.id),
    check('api_keys_owner', sql`num_nonnulls(${table.subject}, ${table.portfolioId}) = 1`),
  ],
);
