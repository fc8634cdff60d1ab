import { sql } from 'drizzle-orm';
import { type AnyPgColumn, check, index, pgTable, text } from 'drizzle-orm/pg-core';
import type { Scope } from '../actor.ts';
import { people } from '../person/person.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';

/** API keys. Only the hash of the secret is stored. A key belongs to a person or to one portfolio; an operator's to neither. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull(),
    /** The first characters of the secret, by which the owner recognizes it; too few to guess the rest. */
    prefix: text('prefix').notNull().default('pk_'),
    secretHash: text('secret_hash').notNull().unique(),
    personId: text('person_id').references(() => people.id),
    /** For release 0.1.0, which knows people by it; not written any more. A trigger finds the person of what it writes. */
    subject: text('subject'),
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    scopes: text('scopes').array().$type<Scope[]>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at'),
    /** Accurate to about a minute. */
    lastUsedAt: instant('last_used_at'),
    /** The address that used it then. */
    lastUsedAddress: text('last_used_address'),
    /** The person who made it, or whose keys made it; null where it was made before this was noted. */
    madeBy: text('made_by'),
    /** The credential that made it: the id of a key, or the `jti` of a token. */
    madeWith: text('made_with'),
    /** The key that made it, with which it ends. */
    parentId: text('parent_id').references((): AnyPgColumn => apiKeys.id),
    /** When the token was issued that made it, or that made the first of its ancestors; null if that was no token. */
    tokenIssuedAt: instant('token_issued_at'),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    index('api_keys_of_portfolio').on(table.portfolioId, table.id),
    index('api_keys_of_person').on(table.personId, table.id),
    index('api_keys_of_subject').on(table.subject, table.id),
    index('api_keys_made_with')
      .on(table.madeWith)
      .where(sql`${table.madeWith} is not null`),
    index('api_keys_of_parent')
      .on(table.parentId)
      .where(sql`${table.parentId} is not null`),
    check(
      'api_keys_owner',
      sql`num_nonnulls(coalesce(${table.personId}, ${table.subject}), ${table.portfolioId})
        = case when ${table.scopes} && array['operator:read', 'operator:write'] then 0 else 1 end`,
    ),
  ],
);

/** Tokens of a person that were issued before `notBefore` are refused, and so are the keys that they made. */
export const tokenEnds = pgTable('token_ends', {
  personId: text('person_id').primaryKey(),
  notBefore: instant('not_before').notNull(),
});
