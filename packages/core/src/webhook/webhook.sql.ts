import { sql } from 'drizzle-orm';
import { bigint, boolean, check, index, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { jobs } from '../job/job.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import { version } from '../version.sql.ts';
import type { DeliveredEvent, DeliveryState, DisabledReason, Message, WebhookEventType } from './schemas.ts';

/** URLs that are notified of events of a portfolio. */
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
    /** Encrypted (see `stored-secrets.ts`); null in a row of release 0.1.0 that is not encrypted yet. */
    encryptedSecret: text('encrypted_secret'),
    /** Also signs messages, until `previousSecretUntil`: receivers need time to change to a new secret. */
    encryptedPreviousSecret: text('encrypted_previous_secret'),
    /** In plain text, as release 0.1.0 writes them; null once they are encrypted. */
    secret: text('secret'),
    previousSecret: text('previous_secret'),
    previousSecretUntil: instant('previous_secret_until'),
    enabled: boolean('enabled').notNull().default(true),
    disabledReason: text('disabled_reason').$type<DisabledReason>(),
    /** The first failed attempt since the last successful one. */
    failingSince: instant('failing_since'),
    version: version(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [index('webhooks_list').on(table.portfolioId, table.id)],
);

/**
 * Events that webhooks may subscribe to, stored in the transaction of the change. The worker creates their deliveries and
 * deletes them.
 */
export const webhookEvents = pgTable('webhook_events', {
  id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  portfolioId: text('portfolio_id')
    .notNull()
    .references(() => portfolios.id, { onDelete: 'cascade' }),
  type: text('type').$type<WebhookEventType>().notNull(),
  data: jsonb('data').notNull(),
  at: instant('at').notNull().defaultNow(),
  /** The place in a trace (`traceparent`) of the change, which the deliveries continue. */
  traceparent: text('traceparent'),
});

/** Each message to each webhook, and its outcome. */
export const webhookDeliveries = pgTable(
  'webhook_deliveries',
  {
    id: text('id').primaryKey(),
    webhookId: text('webhook_id')
      .notNull()
      .references(() => webhooks.id, { onDelete: 'cascade' }),
    /** The job that sends it; null once the job was deleted. */
    jobId: text('job_id').references(() => jobs.id, { onDelete: 'set null' }),
    /** The id of the message, the same for every attempt and every redelivery (Standard Webhooks). */
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
    // For the foreign key of each deleted job.
    index('webhook_deliveries_job').on(table.jobId),
    index('webhook_deliveries_age')
      .on(table.createdAt)
      .where(sql`${table.state} <> 'pending'`),
    check('webhook_deliveries_state', sql`${table.state} in ('pending', 'delivered', 'failed')`),
  ],
);
