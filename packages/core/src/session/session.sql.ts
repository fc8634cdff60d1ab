import { boolean, index, pgTable, text } from 'drizzle-orm/pg-core';
import { people } from '../person/person.sql.ts';
import { instant } from '../sql.ts';

/** The sessions of people who have signed in with a browser. */
export const sessions = pgTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    /** Only the hash of the secret is stored; the cookie has the secret. */
    secretHash: text('secret_hash').notNull().unique(),
    personId: text('person_id')
      .notNull()
      .references(() => people.id),
    /** True if the groups of the person said so at the sign-in. */
    isOperator: boolean('is_operator').notNull().default(false),
    /** The address of the client when it was last seen. */
    address: text('address'),
    userAgent: text('user_agent'),
    /** When the person last proved to the issuer who they are, which may have been before this session. */
    signedInAt: instant('signed_in_at').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    /** Accurate to about a minute. */
    lastSeenAt: instant('last_seen_at').notNull().defaultNow(),
    expiresAt: instant('expires_at').notNull(),
    /** When the person signed out. */
    endedAt: instant('ended_at'),
  },
  (table) => [
    index('sessions_of_person').on(table.personId, table.id),
    index('sessions_expiry').on(table.expiresAt),
  ],
);

/** Sign-ins that have been sent to an issuer, until their answers arrive. */
export const pendingSignIns = pgTable(
  'pending_sign_ins',
  {
    stateHash: text('state_hash').primaryKey(),
    /** The hash of a cookie: only the browser that began the sign-in may complete it. */
    browserHash: text('browser_hash').notNull(),
    issuer: text('issuer').notNull(),
    verifier: text('verifier').notNull(),
    nonce: text('nonce').notNull(),
    /** The path at which the browser goes on. */
    returnTo: text('return_to').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [index('pending_sign_ins_age').on(table.createdAt)],
);
