import { sql } from 'drizzle-orm';
import { index, jsonb, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Role } from '../actor.ts';
import { instant } from '../sql.ts';

/**
 * The people who sign in. Only this table knows a person's subject and name: all others have the id, which says nothing.
 * Erasing a person empties the row.
 */
export const people = pgTable(
  'people',
  {
    id: text('id').primaryKey(),
    /** The issuer of the subject; null for that of the deployment, where the platform did not know it yet. */
    issuer: text('issuer'),
    /** The `sub` of the person's tokens; null once the person is erased. */
    subject: text('subject'),
    /** The name to show. */
    name: text('name'),
    /** The role by slug of portfolio that the groups of the newest sign-in gave; null before the first. */
    groupRoles: jsonb('group_roles').$type<Record<string, Role>>(),
    /** When the token was issued that named these groups. */
    groupsAt: instant('groups_at'),
    /** When the person first proved to be this subject, by a token, a session or a personal key. */
    signedInAt: instant('signed_in_at'),
    erasedAt: instant('erased_at'),
    /** For a day after that, the hash of issuer and subject, whose older tokens would otherwise store the person anew. */
    erasedIdentity: text('erased_identity'),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('people_identity')
      .on(table.subject, sql`coalesce(${table.issuer}, '')`)
      .where(sql`${table.subject} is not null`),
    index('people_erased_identity')
      .on(table.erasedIdentity)
      .where(sql`${table.erasedIdentity} is not null`),
    // Few at most: those whom a release without issuers has stored.
    index('people_without_issuer')
      .on(table.subject)
      .where(sql`${table.issuer} is null`),
  ],
);
