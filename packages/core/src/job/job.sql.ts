import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { instant } from '../sql.ts';
import type { JobKind, StoredResult } from './kinds.ts';
import type { JobError, JobEventType, JobState } from './schemas.ts';

/**
 * The sequence of turns.
 *
 * @public drizzle-kit generates migrations from it.
 */
export const jobTurns = pgSequence('job_turns');

/** The turn of a job that is queued, or manually requeued, now. */
export const nextTurn = sql`nextval('job_turns')`;

/**
 * The state of every job. Only `transitions.ts` changes it; `dispatch.ts` sets `enqueued_at`. The trigger `jobs_move`
 * refuses transitions that `transitions.ts` does not declare.
 */
export const jobs = pgTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    portfolioId: text('portfolio_id')
      .notNull()
      .references(() => portfolios.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<JobKind>().notNull(),
    title: text('title').notNull(),
    state: text('state').$type<JobState>().notNull(),
    groupKey: text('group_key').notNull(),
    /** Jobs of a group run in the order of their turns, one at a time. */
    turn: bigint('turn', { mode: 'number' }).notNull().default(nextTurn),
    /** 0 is high, 1 normal, 2 low: the order in which a portfolio's jobs are enqueued. */
    priority: smallint('priority').notNull().default(1),
    payload: jsonb('payload').notNull(),
    requestedBy: text('requested_by').notNull(),
    attempt: integer('attempt').notNull().default(0),
    maxAttempts: integer('max_attempts').notNull(),
    progress: doublePrecision('progress').notNull().default(0),
    step: text('step'),
    result: jsonb('result').$type<StoredResult>(),
    error: jsonb('error').$type<JobError>(),
    lastSeq: integer('last_seq').notNull(),
    leaseToken: uuid('lease_token'),
    leaseUntil: instant('lease_until'),
    runAt: instant('run_at').notNull().defaultNow(),
    /** When it was last enqueued; null while it waits to be due, for its turn, or for the limit of its portfolio. */
    enqueuedAt: instant('enqueued_at'),
    cancelRequestedAt: instant('cancel_requested_at'),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
  },
  (table) => [
    index('jobs_list').on(table.portfolioId, table.kind, table.state, table.id),
    index('jobs_list_of_requester').on(table.portfolioId, table.requestedBy, table.id),
    index('jobs_changes').on(table.portfolioId, table.updatedAt),
    index('jobs_group').on(table.groupKey, table.id),
    uniqueIndex('jobs_group_running')
      .on(table.groupKey)
      .where(sql`${table.state} = 'running'`),
    index('jobs_group_unfinished')
      .on(table.groupKey, table.turn)
      .where(sql`${table.state} in ('queued', 'running')`),
    index('jobs_waiting')
      .on(table.portfolioId, table.priority, table.turn, table.runAt)
      .where(sql`${table.state} = 'queued' and ${table.enqueuedAt} is null`),
    index('jobs_in_flight')
      .on(table.portfolioId, table.enqueuedAt)
      .where(sql`${table.state} in ('queued', 'running') and ${table.enqueuedAt} is not null`),
    index('jobs_finished')
      .on(table.finishedAt)
      .where(sql`${table.finishedAt} is not null`),
    index('jobs_leased')
      .on(table.leaseUntil)
      .where(sql`${table.state} = 'running'`),
    check(
      'jobs_state',
      sql`${table.state} in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead')`,
    ),
    check('jobs_priority', sql`${table.priority} between 0 and 2`),
    check('jobs_lease', sql`(${table.state} = 'running') = (${table.leaseToken} is not null)`),
    check(
      'jobs_cancel',
      sql`${table.state} = 'running' or (${table.state} = 'cancelled') = (${table.cancelRequestedAt} is not null)`,
    ),
    check('jobs_finished', sql`(${table.state} in ('queued', 'running')) = (${table.finishedAt} is null)`),
    check('jobs_result', sql`(${table.state} = 'succeeded') = (${table.result} is not null)`),
  ],
);

/** The events of a job, numbered from 1 without a gap. Watchers read them. */
export const jobEvents = pgTable(
  'job_events',
  {
    jobId: text('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    at: instant('at').notNull().defaultNow(),
    type: text('type').$type<JobEventType>().notNull(),
    state: text('state').$type<JobState>().notNull(),
    attempt: integer('attempt').notNull(),
    progress: doublePrecision('progress').notNull(),
    step: text('step'),
    error: jsonb('error').$type<JobError>(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.seq] })],
);

/** Messages that are not in the queue yet, written in the transaction that makes the job runnable. */
export const outbox = pgTable(
  'outbox',
  {
    id: bigint('id', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    jobId: text('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    groupKey: text('group_key').notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  // For the cascade of each deleted job.
  (table) => [index('outbox_job').on(table.jobId)],
);
