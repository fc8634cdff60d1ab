import { type SQL, getTableColumns, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { webhookEvents, webhooks } from '../webhook/webhook.sql.ts';
import { hasTurn } from './dispatch.ts';
import { type JobFilter, filterValues, matching } from './filter.ts';
import { jobEvents, jobs, nextTurn } from './job.sql.ts';
import { type StoredResult, jobKinds, ofEachKind } from './kinds.ts';
import { type JobPriority, jobPrioritySchema } from './priority.ts';
import type { JobError, JobEventType, JobState } from './schemas.ts';

/**
 * The allowed transitions from each state. Others do not compile here, and the database trigger `jobs_move` refuses
 * them. In particular, a job that succeeded never changes again.
 */
export const moves = {
  queued: ['running', 'cancelled', 'dead'],
  running: ['queued', 'succeeded', 'failed', 'cancelled', 'dead'],
  succeeded: [],
  failed: ['queued'],
  cancelled: ['queued'],
  dead: ['queued'],
} as const satisfies Record<JobState, readonly JobState[]>;

/** One of `moves`, or an event that leaves a job running. */
type Move =
  | { [From in JobState]: `${From} → ${(typeof moves)[From][number]}` }[JobState]
  | 'running → running';

type Values = Record<string, unknown>;

const { placeholder } = sql;
const seconds = (name: string) => sql`make_interval(secs => ${placeholder(name)})`;
const column = (of: PgColumn) => sql.identifier(of.name);
const set = (...assignments: SQL[]) =>
  sql.join(
    [
      sql`${column(jobs.lastSeq)} = ${jobs.lastSeq} + 1`,
      sql`${column(jobs.updatedAt)} = now()`,
      ...assignments,
    ],
    sql`, `,
  );
const noProgress = [sql`progress = 0`, sql`step = null`];
const release = [sql`lease_token = null`, sql`lease_until = null`];
const backInQueue = (runAt: SQL) => [...noProgress, sql`run_at = ${runAt}`, sql`enqueued_at = null`];
const leased = sql`${jobs.id} = ${placeholder('id')} and ${jobs.leaseToken} = ${placeholder('token')}`;
const notCancelled = sql`${jobs.cancelRequestedAt} is null`;
const typed = (type: JobEventType | JobState) => sql.raw(`'${type}'`);

type Transition = {
  moves: readonly Move[];
  event: JobEventType | SQL;
  where: SQL;
  assign?: SQL[];
  /** True if the job may finish by it: webhooks are notified then. */
  ends?: boolean;
};

function transition(name: string, { moves: allowed, event, where, assign = [], ends = false }: Transition) {
  const pairs = allowed.map((move) => move.split(' → ') as [JobState, JobState]);
  const from = sql.join(
    pairs.map(([state]) => typed(state)),
    sql`, `,
  );
  const to = pairs.map(([state, next]) => sql`when ${typed(state)} then ${typed(next)}`);
  const state = sql`state = case ${jobs.state} ${sql.join(to, sql` `)} end`;
  return write(
    name,
    event,
    sql`update ${jobs} set ${set(state, ...assign)} where ${jobs.state} in (${from}) and ${where}`,
    ends,
  );
}

function write(name: string, type: JobEventType | SQL, change: SQL, ends: boolean) {
  return prepared((db) => {
    const { id, portfolioId, kind, state, payload, attempt, maxAttempts, lastSeq } = getTableColumns(jobs);
    const changed = db
      .$with('changed', { id, portfolioId, kind, state, payload, attempt, maxAttempts, lastSeq })
      .as(sql`${change} returning ${jobs}.*`);
    const event = db.$with('event', {}).as(sql`
      insert into ${jobEvents} (job_id, seq, type, state, attempt, progress, step, error)
      select id, last_seq, ${typeof type === 'string' ? typed(type) : type}, state, attempt, progress, step, error
      from ${changed}`);
    const webhookEvent = db.$with('webhook_event', {}).as(finishedEvents);
    return db
      .with(changed, event, ...(ends ? [webhookEvent] : []))
      .select()
      .from(changed)
      .prepare(name);
  });
}

/**
 * The webhook events of finished jobs, stored if any webhook subscribes to them. Webhook deliveries are jobs without
 * such events, which would never end.
 */
const finishedEvents = sql`
  insert into ${webhookEvents} (portfolio_id, type, data)
  select portfolio_id, ended.type, jsonb_build_object(
    'jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
  from changed
  cross join lateral (select case state
    when 'succeeded' then 'job.succeeded' when 'failed' then 'job.failed' when 'dead' then 'job.failed'
    when 'cancelled' then 'job.cancelled' end as type) ended
  where kind <> 'webhook.deliver' and exists (
    select 1 from ${webhooks}
    where ${webhooks.portfolioId} = changed.portfolio_id and ${webhooks.enabled}
      and ended.type = any(${webhooks.events}))`;

/** In the order of their numbers in the database. */
const priorities = jobPrioritySchema.options;

const accept = write(
  'job_accept',
  'queued',
  sql`insert into ${jobs} (id, portfolio_id, kind, title, state, group_key, priority, payload, requested_by, max_attempts, last_seq)
    values (${placeholder('id')}, ${placeholder('portfolioId')}, ${placeholder('kind')}, ${placeholder('title')}, 'queued',
      ${placeholder('groupKey')}, ${placeholder('priority')}, ${placeholder('payload')}, ${placeholder('requestedBy')},
      ${placeholder('maxAttempts')}, 1)`,
  false,
);

const claim = transition('job_claim', {
  moves: ['queued → running'],
  event: 'started',
  where: sql`${jobs.id} = ${placeholder('id')} and ${jobs.runAt} <= now() and ${hasTurn}`,
  assign: [
    sql`attempt = ${jobs.attempt} + 1`,
    ...noProgress,
    sql`started_at = now()`,
    sql`lease_token = ${placeholder('token')}`,
    sql`lease_until = now() + ${seconds('leaseSeconds')}`,
  ],
});

const heartbeat = prepared((db) =>
  db
    .update(jobs)
    .set({ leaseUntil: sql`now() + ${seconds('leaseSeconds')}` })
    .where(leased)
    .returning({ cancelRequestedAt: jobs.cancelRequestedAt })
    .prepare('job_heartbeat'),
);

/** The lock blocks the reaper, which alone could take the lease away, but neither heartbeats nor progress. */
const lockLease = prepared((db) =>
  db.select({ id: jobs.id }).from(jobs).where(leased).for('key share').prepare('job_lock_lease'),
);

const progress = transition('job_progress', {
  moves: ['running → running'],
  event: 'progress',
  where: leased,
  assign: [sql`progress = ${placeholder('progress')}`, sql`step = ${placeholder('step')}`],
});

const succeed = transition('job_succeed', {
  moves: ['running → succeeded'],
  event: 'succeeded',
  where: sql`${leased} and ${notCancelled}`,
  assign: [
    sql`progress = 1`,
    sql`step = null`,
    sql`error = null`,
    sql`result = ${placeholder('result')}`,
    sql`finished_at = now()`,
    ...release,
  ],
  ends: true,
});

const later = [
  sql`error = ${placeholder('error')}`,
  ...backInQueue(sql`now() + ${seconds('delaySeconds')}`),
  ...release,
];

const retry = transition('job_retry', {
  moves: ['running → queued'],
  event: 'retrying',
  where: sql`${leased} and ${notCancelled}`,
  assign: later,
});

/** The interrupted attempt is replaced by one more: files are named by the numbers of attempts, which never repeat. */
const postpone = transition('job_postpone', {
  moves: ['running → queued'],
  event: 'postponed',
  where: sql`${leased} and ${notCancelled}`,
  assign: [...later, sql`max_attempts = ${jobs.maxAttempts} + 1`],
});

const fail = transition('job_fail', {
  moves: ['running → failed'],
  event: 'failed',
  where: sql`${leased} and ${notCancelled}`,
  assign: [sql`error = ${placeholder('error')}`, sql`finished_at = now()`, ...release],
  ends: true,
});

const finishCancelled = [sql`step = null`, sql`finished_at = now()`, ...release];

const acknowledgeCancel = transition('job_acknowledge_cancel', {
  moves: ['running → cancelled'],
  event: 'cancelled',
  where: sql`${leased} and not ${notCancelled}`,
  assign: finishCancelled,
  ends: true,
});

/** The jobs that a query locks. As an array: Postgres may run a query within `in` repeatedly, and exceed its limit. */
const locked = (query: SQL) => sql`${jobs.id} = any(array(${query}))`;

const expired = (which: SQL) =>
  locked(sql`select id from ${jobs} where state = 'running' and lease_until < now() and ${which}
    limit 100 for update skip locked`);

const lost = sql`error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker stopped before the attempt was finished.')`;

const requeueLost = transition('job_requeue_lost', {
  moves: ['running → queued'],
  event: 'lost',
  where: expired(sql`attempt < max_attempts and ${notCancelled}`),
  assign: [lost, ...backInQueue(sql`now()`), ...release],
});

const markLostDead = transition('job_mark_lost_dead', {
  moves: ['running → dead'],
  event: 'dead',
  where: expired(sql`attempt >= max_attempts and ${notCancelled}`),
  assign: [lost, sql`finished_at = now()`, ...release],
  ends: true,
});

const cancelLost = transition('job_cancel_lost', {
  moves: ['running → cancelled'],
  event: 'cancelled',
  where: expired(sql`not ${notCancelled}`),
  assign: finishCancelled,
  ends: true,
});

/** A job that is not due or not enqueued did not cause the failures of the workers that received the message. */
const markUndeliveredDead = transition('job_mark_undelivered_dead', {
  moves: ['queued → dead'],
  event: 'dead',
  where: sql`${jobs.id} = ${placeholder('id')} and ${jobs.enqueuedAt} is not null and ${jobs.runAt} <= now()`,
  assign: [
    sql`error = jsonb_build_object('code', 'undeliverable', 'message', 'No worker could claim the job, although its message was delivered repeatedly.')`,
    sql`finished_at = now()`,
  ],
  ends: true,
});

const one = sql`${jobs.id} = ${placeholder('id')}`;
/**
 * The jobs that match a filter, the oldest first, up to its limit. Waits for jobs that are being changed, but not for
 * attempts that have locked their lease.
 */
const many = (which: SQL) =>
  locked(sql`select ${jobs.id} from ${jobs}
    where ${jobs.portfolioId} = ${placeholder('portfolioId')} and ${matching} and ${which}
    order by ${jobs.id} limit ${placeholder('limit')} for no key update`);

const cancellable = sql`${jobs.state} in ('queued', 'running') and ${notCancelled}`;
const cancelWhere = (name: string, which: SQL) =>
  transition(name, {
    moves: ['queued → cancelled', 'running → running'],
    event: sql`case state when 'cancelled' then ${typed('cancelled')} else ${typed('cancelling')} end`,
    where: sql`${which} and ${notCancelled}`,
    assign: [
      sql`finished_at = case ${jobs.state} when 'queued' then now() end`,
      sql`cancel_requested_at = now()`,
    ],
    ends: true,
  });
const cancel = cancelWhere('job_cancel', one);
const cancelMany = cancelWhere('job_cancel_many', many(cancellable));

/**
 * Webhook deliveries are repeated only by `webhook.redeliver`, which needs another scope. The new attempts are added to
 * the old ones: an attempt's files are named by its number, which must never repeat.
 */
const retryable = sql`${jobs.state} in ('failed', 'cancelled', 'dead') and ${jobs.kind} <> 'webhook.deliver'`;
const requeueWhere = (name: string, which: SQL) =>
  transition(name, {
    moves: ['failed → queued', 'cancelled → queued', 'dead → queued'],
    event: 'requeued',
    where: which,
    assign: [
      sql`turn = ${nextTurn}`,
      sql`max_attempts = ${jobs.attempt} + (${placeholder('attempts')}::jsonb ->> ${jobs.kind})::int`,
      ...backInQueue(sql`now()`),
      sql`error = null`,
      sql`cancel_requested_at = null`,
      sql`started_at = null`,
      sql`finished_at = null`,
    ],
  });
const requeue = requeueWhere('job_requeue', sql`${one} and ${retryable}`);
const requeueMany = requeueWhere('job_requeue_many', many(retryable));

/** Not a transition: a message was received, but its job cannot be claimed now. It is dispatched again later. */
const putBack = prepared((db) =>
  db
    .update(jobs)
    .set({ enqueuedAt: sql`null`, runAt: sql`now() + ${seconds('delaySeconds')}` })
    .where(sql`${jobs.id} = ${placeholder('id')} and ${jobs.state} = 'queued' and ${jobs.runAt} <= now()`)
    .returning({ id: jobs.id })
    .prepare('job_put_back'),
);

const anyMatches = (name: string, which: SQL) =>
  prepared((db) =>
    db
      .select({ id: jobs.id })
      .from(jobs)
      .where(sql`${jobs.portfolioId} = ${placeholder('portfolioId')} and ${matching} and ${which}`)
      .limit(1)
      .prepare(name),
  );
const anyCancellable = anyMatches('job_any_cancellable', cancellable);
const anyRetryable = anyMatches('job_any_retryable', retryable);

async function first<Row>(statement: { execute(values: Values): Promise<Row[]> }, values: Values) {
  const [row] = await statement.execute(values);
  return row;
}

/** A lease on a running job: the token guards every write of its attempt. */
export type Lease = { id: string; token: string };

/**
 * Every change of a job's state. No other file makes one. `docs/jobs.md` has a picture of them:
 *
 *     accept → queued → running → succeeded
 *                ↑         ├────→ failed        (permanent error, or attempts used up)
 *                │         ├────→ dead          (the worker of the last attempt was lost)
 *                ├─────────┘                    (retried later, postponed, or the worker was lost)
 *                │
 *                └── failed, dead, cancelled    (manual retry)
 *
 *     queued → dead                             (its message is in the dead-letter queue)
 *     queued, running → cancelled               (a running one by its worker, or by the reaper if the worker is lost)
 *
 * Each is one statement: the guarded update, its event with the next number and, if the job finishes, its webhook event.
 * It resolves to the changed job, or to undefined if the guard refused: the caller must stop working on the job. Once
 * the cancellation of a running job is requested, it can only end as cancelled.
 */
export const transitions = {
  accept: (
    db: Db,
    job: {
      id: string;
      portfolioId: string;
      kind: string;
      title: string;
      groupKey: string;
      payload: unknown;
      priority: JobPriority;
      requestedBy: string;
      maxAttempts: number;
    },
  ) => {
    const values = { payload: JSON.stringify(job.payload), priority: priorities.indexOf(job.priority) };
    return first(accept(db), { ...job, ...values });
  },
  /** Claims a job whose turn it is; undefined if another worker has it, it is done, or it has to wait. */
  async claim(db: Db, lease: Lease, leaseSeconds: number) {
    try {
      return await first(claim(db), { ...lease, leaseSeconds });
    } catch (error) {
      // Another job of the group was claimed at the same time.
      if (isRefusedBy(error, 'jobs_group_running')) return undefined;
      throw error;
    }
  },
  /** Has a job that cannot be claimed now dispatched again after a delay. */
  putBack: (db: Db, id: string, delaySeconds: number) => first(putBack(db), { id, delaySeconds }),
  /** Locks the lease until the end of the transaction. False if it is lost: the attempt must not write anything then. */
  lockLease: async (tx: Db, lease: Lease) => (await first(lockLease(tx), lease)) !== undefined,
  progress: (db: Db, lease: Lease, at: { progress: number; step: string }) =>
    first(progress(db), { ...lease, ...at }),
  succeed: (db: Db, lease: Lease, result: StoredResult) =>
    first(succeed(db), { ...lease, result: JSON.stringify(result) }),
  retry: (db: Db, lease: Lease, error: JobError, delaySeconds: number) =>
    first(retry(db), { ...lease, error: JSON.stringify(error), delaySeconds }),
  /** As `retry`, but the attempt does not count: it was interrupted by an outage, or by a stop of its worker. */
  postpone: (db: Db, lease: Lease, error: JobError, delaySeconds: number) =>
    first(postpone(db), { ...lease, error: JSON.stringify(error), delaySeconds }),
  fail: (db: Db, lease: Lease, error: JobError) =>
    first(fail(db), { ...lease, error: JSON.stringify(error) }),
  /** Extends a lease and reports whether a cancellation was requested; undefined if the lease is lost. */
  heartbeat: (db: Db, lease: Lease, leaseSeconds: number) => first(heartbeat(db), { ...lease, leaseSeconds }),
  /** Ends an attempt whose cancellation was requested; undefined if none was, or if the lease is lost. */
  acknowledgeCancel: (db: Db, lease: Lease) => first(acknowledgeCancel(db), lease),
  /**
   * Takes jobs back from workers whose lease has expired. Jobs to be cancelled are cancelled; others are queued again,
   * or marked dead if they have no attempts left.
   */
  reapLost: async (db: Db) => [
    ...(await cancelLost(db).execute()),
    ...(await requeueLost(db).execute()),
    ...(await markLostDead(db).execute()),
  ],
  /** Marks a job dead whose message is in the dead-letter queue, unless the job is running or not due. */
  markUndeliveredDead: (db: Db, id: string) => first(markUndeliveredDead(db), { id }),
  /** Cancels a queued job; requests the cancellation of a running one. */
  cancel: (db: Db, id: string) => first(cancel(db), { id }),
  /** Queues a job again that finished without a result, with as many attempts as a new one. */
  requeue: (db: Db, id: string) => first(requeue(db), { id, attempts }),
  /** As `cancel`, of up to `limit` jobs of a portfolio that match. */
  cancelMany: (db: Db, which: Many) => changeMany(cancelMany(db), anyCancellable(db), which),
  /** As `requeue`, of up to `limit` jobs of a portfolio that match. */
  requeueMany: (db: Db, which: Many) => changeMany(requeueMany(db), anyRetryable(db), which),
};

const attempts = JSON.stringify(ofEachKind((kind) => jobKinds[kind].maxAttempts));

type Many = { portfolioId: string; filter: JobFilter; limit: number };

async function changeMany<Row>(
  change: { execute(values: Values): Promise<Row[]> },
  left: { execute(values: Values): Promise<unknown[]> },
  { portfolioId, filter, limit }: Many,
): Promise<{ changed: Row[]; hasMore: boolean }> {
  const values = { portfolioId, ...filterValues(filter) };
  const changed = await change.execute({ ...values, limit, attempts });
  return { changed, hasMore: changed.length === limit && (await left.execute(values)).length > 0 };
}

/** True for the error of a statement that violates this constraint or unique index. */
function isRefusedBy(error: unknown, constraint: string): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'constraint_name' in cause &&
    cause.constraint_name === constraint
  );
}
