import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import type { Role } from '../actor.ts';
import { people } from '../person/person.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';

/** Portfolios are the tenants. */
export const portfolios = pgTable(
  'portfolios',
  {
    id: text('id').primaryKey(),
    slug: text('slug').notNull().unique(),
    name: text('name').notNull(),
    tagline: text('tagline').notNull(),
    description: text('description').notNull(),
    /** The person who created it; null where that was before it was noted. */
    createdBy: text('created_by'),
    /** For how many days what is deleted here stays in the bin. */
    binDays: integer('bin_days').notNull().default(30),
    /** When it was put into the bin: since then nobody finds it but its owners, there. */
    binnedAt: instant('binned_at'),
    /** When it is deleted for good. */
    purgeAt: instant('purge_at'),
    /** Who had it deleted for good before its time in the bin was over. */
    purgedBy: text('purged_by'),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [
    index('portfolios_of_creator').on(table.createdBy),
    index('portfolios_binned')
      .on(table.id)
      .where(sql`${table.binnedAt} is not null`),
  ],
);

/** The members of a portfolio, with their roles. */
export const members = pgTable(
  'members',
  {
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    personId: text('person_id')
      .notNull()
      .references(() => people.id),
    /** For release 0.1.0, which knows people by it; not written any more. A trigger finds the person of what it writes. */
    subject: text('subject'),
    role: text('role').$type<Role>().notNull(),
    /** True for a membership that the groups of the person's tokens give, and take. */
    fromGroup: boolean('from_group').notNull().default(false),
    /** Tokens of the member that were issued before, and the keys that they made, do not act in this portfolio. */
    tokensNotBefore: instant('tokens_not_before'),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.portfolioId, table.personId] }),
    index('members_person').on(table.personId),
    index('members_subject').on(table.subject),
  ],
);

/** Former members whose tokens were revoked: these stay revoked if the member is added again. */
export const formerMembers = pgTable(
  'former_members',
  {
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    personId: text('person_id').notNull(),
    tokensNotBefore: instant('tokens_not_before').notNull(),
  },
  (table) => [primaryKey({ columns: [table.portfolioId, table.personId] })],
);
