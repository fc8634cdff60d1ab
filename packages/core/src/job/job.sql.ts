import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSequence,
  pgTable,
  primaryKey,
  smallint,
  text,
  unique,
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

/** The number of a transaction, which grows with the time of its first write. */
const transactionId = customType<{ data: string }>({ dataType: () => 'xid8' });

/**
 * The state of every job. Only `transitions.ts` changes it. The trigger `jobs_move` refuses transitions that
 * `transitions.ts` does not declare, and the trigger `jobs_queue` derives `job_queue`. No index follows the columns that
 * progress and heartbeats write, so that these updates stay on their page (HOT).
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
    /** 0 is high, 1 normal, 2 low: the order in which a portfolio's jobs of a kind are claimed. */
    priority: smallint('priority').notNull().default(1),
    payload: jsonb('payload').notNull(),
    requestedBy: text('requested_by').notNull(),
    /** Its place in the trace of what caused it (`traceparent`), which its attempts continue. Null before release 0.2.0. */
    traceparent: text('traceparent'),
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
    /** The worker process that holds the lease, or held the last one: host, process id and version. */
    worker: text('worker'),
    /** Release 0.1.0 marks jobs here for which it has sent a message. To be dropped after the next release. */
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
    index('jobs_group').on(table.groupKey, table.id),
    uniqueIndex('jobs_group_running')
      .on(table.groupKey)
      .where(sql`${table.state} = 'running'`),
    index('jobs_group_unfinished')
      .on(table.groupKey, table.turn)
      .where(sql`${table.state} in ('queued', 'running')`),
    index('jobs_finished_of_kind')
      .on(table.kind, table.state, table.finishedAt)
      .where(sql`${table.finishedAt} is not null`),
    // What operators look for among the jobs of all portfolios.
    index('jobs_without_result')
      .on(table.id)
      .where(sql`${table.state} in ('failed', 'cancelled', 'dead')`)
      .concurrently(),
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
    /** The worker process whose attempt this is about. */
    worker: text('worker'),
    /** The transaction that wrote it: what a reader has not seen yet is decided by commits. Null before release 0.2.0. */
    xid: transactionId('xid').default(sql`pg_current_xact_id()`),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.seq] }), index('job_events_xid').on(table.xid)],
);

/**
 * The jobs that a worker may claim: queued, and the first unfinished of their group. The trigger `jobs_queue` derives it
 * from `jobs` in the transaction of each change; a claim deletes its rows.
 */
export const jobQueue = pgTable(
  'job_queue',
  {
    jobId: text('job_id')
      .primaryKey()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    portfolioId: text('portfolio_id').notNull(),
    kind: text('kind').$type<JobKind>().notNull(),
    priority: smallint('priority').notNull(),
    turn: bigint('turn', { mode: 'number' }).notNull(),
    /** False until the sweep finds that the time of the job has come. */
    due: boolean('due').notNull(),
    runAt: instant('run_at').notNull(),
    /** Since when it waits only for a worker. */
    readyAt: instant('ready_at').notNull().defaultNow(),
  },
  (table) => [
    index('job_queue_due')
      .on(table.kind, table.portfolioId, table.priority, table.turn)
      .where(sql`${table.due}`),
    index('job_queue_later')
      .on(table.runAt)
      .where(sql`not ${table.due}`),
  ],
);

/** The worker processes that live, with the slots that they have for each kind: what the fleet can run at a time. */
export const jobWorkers = pgTable('job_workers', {
  /** Host, process id and version. */
  id: text('id').primaryKey(),
  slots: jsonb('slots').$type<Record<string, number>>().notNull(),
  /** The share of the fleet's slots that one portfolio may use: by kind, and in all. */
  shares: jsonb('shares').$type<Record<string, number>>().notNull(),
  /** How many messages it has removed that had ended every worker that received them. */
  deadLetters: integer('dead_letters').notNull().default(0),
  startedAt: instant('started_at').notNull().defaultNow(),
  seenAt: instant('seen_at').notNull().defaultNow(),
});

/** What no worker claims: jobs of a portfolio (null: of all), of a kind (null: of all). */
export const jobPauses = pgTable(
  'job_pauses',
  {
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<JobKind>(),
    reason: text('reason').notNull(),
    pausedAt: instant('paused_at').notNull().defaultNow(),
  },
  (table) => [unique('job_pauses_scope').on(table.portfolioId, table.kind).nullsNotDistinct()],
);

/** How many jobs may run at a time: of a portfolio (null: of all together), of a kind (null: of all together). */
export const jobLimits = pgTable(
  'job_limits',
  {
    portfolioId: text('portfolio_id').references(() => portfolios.id, { onDelete: 'cascade' }),
    kind: text('kind').$type<JobKind>(),
    mostRunning: integer('most_running').notNull(),
    reason: text('reason').notNull(),
    limitedAt: instant('limited_at').notNull().defaultNow(),
  },
  (table) => [
    unique('job_limits_scope').on(table.portfolioId, table.kind).nullsNotDistinct(),
    check('job_limits_of', sql`num_nonnulls(${table.portfolioId}, ${table.kind}) > 0`),
    check('job_limits_most_running', sql`${table.mostRunning} > 0`),
  ],
);

/**
 * The messages of release 0.1.0 that are not in the queue yet. To be dropped after the next release.
 *
 * @public drizzle-kit generates migrations from it.
 */
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
