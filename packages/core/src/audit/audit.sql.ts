import { sql } from 'drizzle-orm';
import { index, integer, jsonb, pgTable, text, unique } from 'drizzle-orm/pg-core';
import type { AuditDetails } from '../audit-details.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import type { SecurityEventKind } from './schemas.ts';

/**
 * The audit log. Only `change.ts` writes it, in the transaction of the change. The hash of its seal covers each column but
 * `address`, so nothing else of an entry may ever be changed, by a migration either.
 */
export const auditLog = pgTable(
  'audit_log',
  {
    id: text('id').primaryKey(),
    /** Null for changes outside a portfolio, such as those of personal keys. */
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    at: instant('at').notNull().defaultNow(),
    actor: text('actor').notNull(),
    /** The credential of the actor: the id of a key or session, or the `jti` of a token; null where it has none. */
    credential: text('credential'),
    /** Where the call came from; null where the platform itself acts, and once the person is erased. */
    address: text('address'),
    /** The id of the request in the log of the API. */
    requestId: text('request_id'),
    /** The operation, e.g. `caseStudy.publish`. */
    action: text('action').notNull(),
    /** The id, slug or key of the changed resource, or null if it has none. */
    target: text('target'),
    /** The names of the input fields; never their values. */
    fields: text('fields').array().notNull(),
    details: jsonb('details').$type<AuditDetails>(),
    /** The number of the seal; null until the entry is sealed. */
    sealedIn: integer('sealed_in'),
  },
  (table) => [
    index('audit_log_list').on(table.portfolioId, table.at, table.id),
    index('audit_log_unsealed')
      .on(table.portfolioId, table.at, table.id)
      .where(sql`${table.sealedIn} is null`)
      .concurrently(),
    index('audit_log_own')
      .on(table.actor, table.at, table.id)
      .where(sql`${table.portfolioId} is null or ${table.action} = 'portfolio.create'`)
      .concurrently(),
  ],
);

/** The seals of each chain, which make later changes of the audit log evident. Only `seal.ts` writes them. */
export const auditSeals = pgTable(
  'audit_seals',
  {
    /** Null for the chain of changes outside a portfolio. */
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    /** From 1, without gaps. */
    number: integer('number').notNull(),
    /** The sealed entries, in the order of time and id. */
    ids: text('ids').array().notNull(),
    /** The hash of each entry, so that a changed one can be named. */
    digests: text('digests').array().notNull(),
    /** The hash of the seal before; empty for the first. */
    previous: text('previous').notNull(),
    hash: text('hash').notNull(),
    sealedAt: instant('sealed_at').notNull(),
  },
  (table) => [unique('audit_seals_number').on(table.portfolioId, table.number).nullsNotDistinct()],
);

/** What was refused, counted by hour. Only `security-log.ts` writes it. */
export const securityEvents = pgTable(
  'security_events',
  {
    id: text('id').primaryKey(),
    hour: instant('hour').notNull(),
    kind: text('kind').$type<SecurityEventKind>().notNull(),
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    actor: text('actor'),
    credential: text('credential'),
    address: text('address'),
    operation: text('operation'),
    count: integer('count').notNull(),
    firstAt: instant('first_at').notNull().defaultNow(),
    lastAt: instant('last_at').notNull().defaultNow(),
  },
  (table) => [
    unique('security_events_once')
      .on(
        table.hour,
        table.kind,
        table.portfolioId,
        table.actor,
        table.credential,
        table.address,
        table.operation,
      )
      .nullsNotDistinct(),
    index('security_events_list').on(table.portfolioId, table.id),
  ],
);
