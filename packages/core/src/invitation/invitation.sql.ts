import { index, pgTable, text } from 'drizzle-orm/pg-core';
import type { Role } from '../actor.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';

/** Invitations to become a member, each for one person. Only the hash of the secret in the link is stored. */
export const invitations = pgTable(
  'invitations',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    role: text('role').$type<Role>().notNull(),
    /** Whom it is for, in the words of its maker; emptied when either of them is erased. */
    label: text('label'),
    secretHash: text('secret_hash').notNull().unique(),
    /** The person who made it, or whose key did; null where that is not known. */
    madeBy: text('made_by'),
    /** The credential that made it. It ends with a key. */
    madeWith: text('made_with'),
    /** When the token was issued that made it, or that made the key: it ends with that token. */
    tokenIssuedAt: instant('token_issued_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    acceptedBy: text('accepted_by'),
    acceptedAt: instant('accepted_at'),
    revokedAt: instant('revoked_at'),
  },
  (table) => [
    index('invitations_list').on(table.portfolioId, table.id),
    index('invitations_end').on(table.expiresAt),
  ],
);
