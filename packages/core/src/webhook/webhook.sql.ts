import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { jobs } from '../job/job.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';
import type { DeliveredEvent, DeliveryState, DisabledReason, Message, WebhookEventType } from './schemas.ts';

/** Addresses that are told of what happens in a portfolio. */
export const webhooks = pgTable(
  'webhooks',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    url: text('url').notNull(),
    description: text('description').notNull(),
    events: text('events').array().$type<WebhookEventType[]>().notNull(),
    secret: text('secret').notNull(),
    /** Signs as well, until then: receivers need time to learn of a new secret. */
    previousSecret: text('previous_secret'),
    previousSecretUntil: instant('previous_secret_until'),
    enabled: boolean('enabled').notNull().default(true),
    disabledReason: text('disabled_reason').$type<DisabledReason>(),
    /** The first try that did not succeed since one last did. */
    failingSince: instant('failing_since'),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [index('webhooks_list').on(table.portfolioId, table.id)],
);

/**
 * What happened and webhooks may want to know, written in the transaction in which it happened. The worker makes
 * deliveries of it and removes it.
 */
export const webhookEvents = pgTable('webhook_events', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  portfolioId: text('portfolio_id')
    .notNull()
    .references(() => portfolios.id, { onDelete: 'cascade' }),
  type: text('type').$type<WebhookEventType>().notNull(),
  data: jsonb('data').notNull(),
  at: instant('at').notNull().defaultNow(),
});

/** Each message to each address, and what came of it. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    webhookId: text('webhook_id')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    /** The job that sends it; null when that was cleared away. */
    jobId: text('job_id').references(() => jobs.id, { onDelete: 'set null' }),
    /** The message's own id, the same for each try and each redelivery (Standard Webhooks). */
    messageId: text('message_id').notNull(),
    event: text('event').$type<DeliveredEvent>().notNull(),
    payload: jsonb('payload').$type<Message>().notNull(),
    state: text('state').$type<DeliveryState>().notNull().default('pending'),
    attempts: integer('attempts').notNull().default(0),
    responseStatus: integer('response_status'),
    error: text('error'),
    createdAt: instant('created_at').notNull().defaultNow(),
    deliveredAt: instant('delivered_at'),
  },
  (table) => [
    index('webhook_deliveries_list').on(table.webhookId, table.id),
    index('webhook_deliveries_pending')
      .on(table.jobId)
      .where(sql`${table.state} = 'pending'`),
    // Each job that is removed asks for its deliveries.
    index('webhook_deliveries_job').on(table.jobId),
    index('webhook_deliveries_age')
      .on(table.createdAt)
      .where(sql`${table.state} <> 'pending'`),
    check('webhook_deliveries_state', sql`${table.state} in ('pending', 'delivered', 'failed')`),
  ],
);
