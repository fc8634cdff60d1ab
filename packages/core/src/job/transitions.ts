import { type SQL, getTableColumns, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { removableObjects } from '../removable-object/removable-object.sql.ts';
import { iso, prepared } from '../sql.ts';
import { webhookEvents, webhooks } from '../webhook/webhook.sql.ts';
import {
  type JobFilter,
  createdBetween,
  filterValues,
  hasErrorCode,
  hasKindAndState,
  matching,
} from './filter.ts';
import { jobEvents, jobLimits, jobQueue, jobs, nextTurn } from './job.sql.ts';
import { type JobKind, type StoredResult, jobKinds, ofEachKind } from './kinds.ts';
import { chosenJobs } from './next.ts';
import { type JobPriority, jobPrioritySchema } from './priority.ts';
import type { JobError, JobEventType, JobState } from './schemas.ts';

/**
 * The allowed transitions from each state. Others do not compile here, and the database trigger `jobs_move` refuses
 * them. In particular, a job that succeeded never changes again.
 */
export const moves = {
  queued: ['running', 'cancelled'],
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
  /** Rows to join, as `given`; the event may use their columns. */
  given?: SQL;
  /** True if the job may finish by it: webhooks are notified then. */
  ends?: boolean;
};

function transition(name: string, definition: Transition) {
  return prepared((db) => {
    const { changed, effects } = changeOf(db, definition);
    return db
      .with(changed, ...effects)
      .select()
      .from(changed)
      .prepare(name);
  });
}

function changeOf(db: Db, { moves: allowed, event, where, assign = [], given, ends = false }: Transition) {
  const pairs = allowed.map((move) => move.split(' → ') as [JobState, JobState]);
  const states = [...new Set(pairs.map(([state]) => state))];
  const to = pairs.map(([state, next]) => sql`when ${typed(state)} then ${typed(next)}`);
  // With several moves from one state, `assign` decides.
  const move =
    states.length === pairs.length ? [sql`state = case ${jobs.state} ${sql.join(to, sql` `)} end`] : [];
  const change = sql`update ${jobs} set ${set(...move, ...assign)}${given ? sql` from ${given}` : sql``}
    where ${jobs.state} in (${sql.join(states.map(typed), sql`, `)}) and ${where}
    returning ${jobs}.*${given ? sql`, given.*` : sql``}`;
  return write(db, event, change, ends);
}

const changedColumns = () => {
  const { id, portfolioId, kind, state, payload, traceparent, attempt, maxAttempts, lastSeq } =
    getTableColumns(jobs);
  return { id, portfolioId, kind, state, payload, traceparent, attempt, maxAttempts, lastSeq };
};

/** A change of jobs, with its events and, if jobs may end by it, their webhook events. */
function write(db: Db, type: JobEventType | SQL, change: SQL, ends: boolean) {
  const changed = db.$with('changed', changedColumns()).as(change);
  const event = db.$with('event', {}).as(sql`
    insert into ${jobEvents} (job_id, seq, type, state, attempt, progress, step, error, worker)
    select id, last_seq, ${typeof type === 'string' ? typed(type) : type}, state, attempt, progress, step, error, worker
    from ${changed}`);
  const webhookEvent = db.$with('webhook_event', {}).as(finishedEvents);
  return { changed, effects: [event, ...(ends ? [webhookEvent] : [])] };
}

/**
 * The webhook events of finished jobs, stored if any webhook subscribes to them. Webhook deliveries are jobs without
 * such events, which would never end.
 */
const finishedEvents = sql`
  insert into ${webhookEvents} (portfolio_id, type, data, traceparent)
  select portfolio_id, ended.type, jsonb_build_object(
    'jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error), traceparent
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

const accept = prepared((db) => {
  const { changed, effects } = write(
    db,
    'queued',
    sql`insert into ${jobs} (id, portfolio_id, kind, title, state, group_key, priority, payload, requested_by, traceparent, max_attempts, last_seq)
      select id, "portfolioId", kind, title, 'queued', "groupKey", priority, payload, "requestedBy", traceparent, "maxAttempts", 1
      from jsonb_to_recordset(${placeholder('jobs')}::jsonb) as given (id text, "portfolioId" text, kind text, title text,
        "groupKey" text, priority smallint, payload jsonb, "requestedBy" text, traceparent text, "maxAttempts" int)
      returning *`,
    false,
  );
  return db
    .with(changed, ...effects)
    .select({ id: changed.id })
    .from(changed)
    .prepare('job_accept');
});

/**
 * True for a queued row of `jobs` whose turn it is within its group. Running jobs are checked separately: of two jobs
 * accepted concurrently, the later one may become visible, and start, first.
 */
const hasTurn = sql`not exists (
    select 1 from ${jobs} other where other.group_key = ${jobs.groupKey} and other.state = 'running')
  and not exists (
    select 1 from ${jobs} other
    where other.group_key = ${jobs.groupKey} and other.state in ('queued', 'running') and other.turn < ${jobs.turn})`;

/**
 * A row of `job_queue` whose job the guard refuses is deferred, and not removed: a later job of its group may run, which
 * was accepted at the same time, and end without having seen it.
 */
const claim = prepared((db) => {
  const chosen = db.$with('chosen', {}).as(chosenJobs);
  const taken = db.$with('taken', { jobId: jobQueue.jobId }).as(sql`
    select locked.job_id, locked.state, locked.ready_at
    from (select distinct kind, slots from ${chosen}) as wanted
    cross join lateral (
      select q.job_id, j.state, q.ready_at
      from ${chosen} c join ${jobQueue} q on q.job_id = c.job_id join ${jobs} j on j.id = q.job_id
      where c.kind = wanted.kind order by c.rank limit wanted.slots
      for update of q skip locked for no key update of j skip locked) locked`);
  const { changed, effects } = changeOf(db, {
    moves: ['queued → running'],
    event: 'started',
    // Whether a job is due, its row in `job_queue` decides alone: `now()` may be earlier than what this statement sees.
    where: sql`${jobs.id} = any(array(select job_id from ${taken})) and ${hasTurn}`,
    assign: [
      sql`attempt = ${jobs.attempt} + 1`,
      ...noProgress,
      sql`started_at = now()`,
      sql`lease_token = ${placeholder('token')}`,
      sql`lease_until = now() + ${seconds('leaseSeconds')}`,
      sql`worker = ${placeholder('worker')}`,
    ],
  });
  const removed = db.$with('removed', {}).as(sql`
    delete from ${jobQueue} where job_id = any(array(
      select id from ${changed} union all select job_id from ${taken} where state <> 'queued'))`);
  const deferred = db.$with('deferred', {}).as(sql`
    update ${jobQueue} set due = false, run_at = now()
    where job_id = any(array(
      select job_id from ${taken} where state = 'queued' except select id from ${changed}))`);
  return db
    .with(chosen, taken, changed, removed, deferred, ...effects)
    .select({
      found: sql<string[]>`array(select kind from ${chosen} where rank <= slots)`,
      isLimited: sql<boolean>`exists (select from ${jobLimits})`,
      id: changed.id,
      portfolioId: changed.portfolioId,
      kind: changed.kind,
      payload: changed.payload,
      traceparent: changed.traceparent,
      attempt: changed.attempt,
      maxAttempts: changed.maxAttempts,
      waitSeconds: sql<number>`(
        select greatest(extract(epoch from now() - ready_at), 0)::float8 from ${taken} where job_id = ${changed.id})`,
    })
    .from(sql`(select) as one`)
    .leftJoin(changed, sql`true`)
    .prepare('job_claim');
});

/** Held until the end of the transaction: another claim counts what this one has taken. */
const lockLimits = prepared((db) =>
  db
    .select({ locked: sql`pg_advisory_xact_lock(hashtextextended('job limits', 0))` })
    .from(sql`(select) as one`)
    .prepare('job_lock_limits'),
);

/** Leases of several jobs. */
const givenLeases = sql`unnest(${placeholder('ids')}::text[], ${placeholder('tokens')}::uuid[]) as given (id, token)`;
const isGiven = sql`${jobs.id} = given.id and ${jobs.leaseToken} = given.token`;

/**
 * Extends leases, except those whose rows others have locked: they are extended by a later heartbeat. Resolves to those
 * that are still held.
 */
const heartbeat = prepared((db) => {
  const renewed = db.$with('renewed', { id: jobs.id }).as(sql`
    update ${jobs} set lease_until = now() + ${seconds('leaseSeconds')} where ${jobs.id} = any(array(
      select ${jobs.id} from ${jobs} join ${givenLeases} on ${isGiven} for no key update of ${jobs} skip locked))
    returning ${jobs.id}`);
  return db
    .with(renewed)
    .select({
      id: jobs.id,
      isCancelled: sql<boolean>`${jobs.cancelRequestedAt} is not null`,
      isRenewed: sql<boolean>`${jobs.id} in (select id from ${renewed})`,
    })
    .from(jobs)
    .innerJoin(givenLeases, isGiven)
    .prepare('job_heartbeat');
});

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

/** How an attempt ends, unless it was cancelled. A postponed attempt does not count. */
export type Outcome =
  | { type: 'succeeded'; result: StoredResult }
  | { type: 'failed'; error: JobError }
  | { type: 'retrying' | 'postponed'; error: JobError; delaySeconds: number };

const outcomes = sql`jsonb_to_recordset(${placeholder('ends')}::jsonb) as given
  (given_id text, token uuid, outcome text, new_result jsonb, new_error jsonb, delay float8)`;
const isEnd = sql`${jobs.id} = given_id and ${jobs.leaseToken} = token and ${notCancelled}`;
const again = sql`outcome in ('retrying', 'postponed')`;

const endWhere = (name: string, which: SQL) =>
  transition(name, {
    moves: ['running → succeeded', 'running → failed', 'running → queued'],
    event: sql`outcome`,
    given: outcomes,
    where: sql`${isEnd}${which}`,
    assign: [
      sql`state = case when ${again} then 'queued' else outcome end`,
      sql`progress = case outcome when 'succeeded' then 1 when 'failed' then ${jobs.progress} else 0 end`,
      sql`step = case outcome when 'failed' then ${jobs.step} end`,
      sql`result = new_result`,
      sql`error = new_error`,
      sql`run_at = case when ${again} then now() + make_interval(secs => delay) else ${jobs.runAt} end`,
      sql`enqueued_at = null`,
      sql`finished_at = case when not ${again} then now() end`,
      // The attempt is replaced by one more: files are named by the numbers of attempts, which never repeat.
      sql`max_attempts = ${jobs.maxAttempts} + (outcome = 'postponed')::int`,
      ...release,
    ],
    ends: true,
  });
const end = endWhere('job_end', sql``);
/** Ends those whose rows nobody has locked, so that they do not wait for the others. */
const endMany = endWhere(
  'job_end_many',
  sql` and ${jobs.id} = any(array(
    select ${jobs.id} from ${jobs}
    where ${jobs.id} = any(${placeholder('ids')}::text[]) for no key update skip locked))`,
);

/** The code of the error of an attempt whose worker could not read the payload. */
export const unreadablePayload = 'invalid_payload';

const unreadableFor = prepared((db) =>
  db
    .select({ seconds: sql<number | null>`extract(epoch from now() - min(${jobEvents.at}))::float8` })
    .from(jobEvents)
    .where(
      sql`${jobEvents.jobId} = ${placeholder('id')} and ${jobEvents.error} ->> 'code' = ${placeholder('code')}`,
    )
    .prepare('job_unreadable_seconds'),
);

const endEvent = prepared((db) =>
  db
    .select({ seq: jobEvents.seq })
    .from(jobEvents)
    .where(
      sql`${jobEvents.jobId} = ${placeholder('id')} and ${jobEvents.attempt} = ${placeholder('attempt')}
        and ${jobEvents.type} = ${placeholder('type')}`,
    )
    .prepare('job_end_event'),
);

/** Undoes a claim whose answer was lost: no worker has its jobs. */
const undoClaim = transition('job_undo_claim', {
  moves: ['running → queued'],
  event: 'postponed',
  where: sql`${jobs.leaseToken} = ${placeholder('token')} and ${notCancelled}`,
  assign: [
    sql`error = ${placeholder('error')}`,
    ...backInQueue(sql`now()`),
    sql`max_attempts = ${jobs.maxAttempts} + 1`,
    ...release,
  ],
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
/** As `retryable`, of all portfolios that are not in the bin: by an index of its own. */
const redrivable = sql`${retryable}
  and ${jobs.portfolioId} <> all(array(select id from ${portfolios} where binned_at is not null)) and ${hasKindAndState} and ${createdBetween} and ${hasErrorCode}
  and coalesce(${jobs.portfolioId} = ${placeholder('portfolioId')}, ${placeholder('portfolioId')}::text is null)
  and coalesce(${jobs.id} = any(${placeholder('ids')}::text[]), true)`;
const redrive = requeueWhere(
  'job_redrive',
  locked(sql`select ${jobs.id} from ${jobs} where ${redrivable}
    order by ${jobs.id} limit ${placeholder('limit')} for no key update`),
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
const anyRedrivable = prepared((db) =>
  db.select({ id: jobs.id }).from(jobs).where(redrivable).limit(1).prepare('job_any_redrivable'),
);
const anyRetryable = anyMatches('job_any_retryable', retryable);

async function first<Row>(statement: { execute(values: Values): Promise<Row[]> }, values: Values) {
  const [row] = await statement.execute(values);
  return row;
}

/** A lease on a running job: the token, which the jobs of one claim share, guards every write of the attempt. */
export type Lease = { id: string; token: string };

/** A claimed job. */
export type Claimed = {
  id: string;
  portfolioId: string;
  kind: JobKind;
  payload: unknown;
  /** Null for a job of before release 0.2.0. */
  traceparent: string | null;
  attempt: number;
  maxAttempts: number;
  /** For how long only a worker was missing. */
  waitSeconds: number;
};

/**
 * How many jobs of a kind a claim may take, and how many of one portfolio may then run. `after`: the portfolio whose job
 * was the last of the claim before, so that portfolios take turns.
 */
export type Wanted = { kind: JobKind; slots: number; mostOfTenant: number; after?: string };

/** A new job; see `acceptJob`. */
export type NewJob = {
  id: string;
  portfolioId: string;
  kind: JobKind;
  title: string;
  groupKey: string;
  payload: unknown;
  priority: JobPriority;
  requestedBy: string;
  traceparent: string;
  maxAttempts: number;
};

/** As a parameter of a statement: the columns that the outcome does not set are null. */
function endValues({ lease, outcome }: { lease: Lease; outcome: Outcome }) {
  return {
    given_id: lease.id,
    token: lease.token,
    outcome: outcome.type,
    new_result: 'result' in outcome ? outcome.result : null,
    new_error: 'error' in outcome ? outcome.error : null,
    delay: 'delaySeconds' in outcome ? outcome.delaySeconds : null,
  };
}

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
 *     queued, running → cancelled               (a running one by its worker, or by the reaper if the worker is lost)
 *
 * Each is one statement for one or several jobs: the guarded update, its event with the next number and, if the job
 * finishes, its webhook event. It resolves to the changed jobs; the guard refuses the others: the caller must stop working
 * on them. Once the cancellation of a running job is requested, it can only end as cancelled.
 */
export const transitions = {
  accept: (db: Db, given: readonly NewJob[]) => {
    const rows = given.map((job) => ({ ...job, priority: priorities.indexOf(job.priority) }));
    return accept(db).execute({ jobs: JSON.stringify(rows) });
  },
  /**
   * Claims the next jobs with one lease token; see `next.ts` for their order. Resolves to them, and to the kinds of which
   * others had locked due jobs: more may be due then. `mostInAll`: how many jobs of one portfolio may then run.
   * `oneByOne`: not at the same time as others that say so, whose jobs it would not count. `isLimited`: an operator has set
   * a limit, so that claims should be made one by one.
   */
  async claim(
    db: Db,
    wanted: readonly Wanted[],
    {
      mostInAll,
      oneByOne = false,
      ...lease
    }: { mostInAll: number; oneByOne?: boolean; token: string; leaseSeconds: number; worker: string },
  ) {
    const values = {
      kinds: wanted.map(({ kind }) => kind),
      slots: wanted.map(({ slots }) => slots),
      most: wanted.map(({ mostOfTenant }) => mostOfTenant),
      after: wanted.map(({ after = '' }) => after),
    };
    const run = (on: Db) => claim(on).execute({ ...values, mostInAll, ...lease });
    const runAlone = async (tx: Db) => {
      await lockLimits(tx).execute();
      return run(tx);
    };
    try {
      const rows = await (oneByOne ? db.transaction(runAlone) : run(db));
      const { isLimited } = rows[0]!;
      const claimed = rows.filter((row): row is typeof row & Claimed => row.id !== null);
      const isContended = ({ kind }: Wanted) =>
        claimed.filter((job) => job.kind === kind).length <
        rows[0]!.found.filter((found) => found === kind).length;
      return { claimed, isLimited, contended: wanted.filter(isContended).map(({ kind }) => kind) };
    } catch (error) {
      // Another job of the group was claimed at the same time, and became visible only now.
      if (isRefusedBy(error, 'jobs_group_running'))
        return { claimed: [], isLimited: oneByOne, contended: wanted.map(({ kind }) => kind) };
      throw error;
    }
  },
  /** Queues the jobs of a claim again whose answer was lost. The attempts do not count. */
  undoClaim: (db: Db, token: string, error: JobError) =>
    undoClaim(db).execute({ token, error: JSON.stringify(error) }),
  /** Locks the lease until the end of the transaction. False if it is lost: the attempt must not write anything then. */
  lockLease: async (tx: Db, lease: Lease) => (await first(lockLease(tx), lease)) !== undefined,
  progress: (db: Db, lease: Lease, at: { progress: number; step: string }) =>
    first(progress(db), { ...lease, ...at }),
  /** Ends an attempt; undefined if the lease is lost, or a cancellation was requested. */
  end: (db: Db, lease: Lease, outcome: Outcome) =>
    first(end(db), { ends: JSON.stringify([endValues({ lease, outcome })]) }),
  /** As `end`, of several attempts, except those whose rows others have locked. */
  endMany: (db: Db, given: readonly { lease: Lease; outcome: Outcome }[]) =>
    endMany(db).execute({
      ids: given.map(({ lease }) => lease.id),
      ends: JSON.stringify(given.map(endValues)),
    }),
  /** For how long releases that cannot read the payload of a job have met it; 0 if none has. */
  async unreadableSeconds(db: Db, id: string) {
    const [row] = await unreadableFor(db).execute({ id, code: unreadablePayload });
    return row?.seconds ?? 0;
  },
  /** True if an attempt has ended in this way. */
  hasEnded: async (db: Db, id: string, attempt: number, type: Outcome['type']) =>
    (await endEvent(db).execute({ id, attempt, type })).length > 0,
  /**
   * Extends leases. Resolves to those that are still held, and whether a cancellation was requested. A lease is not
   * renewed while another transaction has locked the job.
   */
  heartbeat: (db: Db, given: readonly Lease[], leaseSeconds: number) =>
    heartbeat(db).execute({
      ids: given.map(({ id }) => id),
      tokens: given.map(({ token }) => token),
      leaseSeconds,
    }),
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
  /** Cancels a queued job; requests the cancellation of a running one. */
  cancel: (db: Db, id: string) => first(cancel(db), { id }),
  /** Queues a job again that finished without a result, with as many attempts as a new one. */
  requeue: (db: Db, id: string) => first(requeue(db), { id, attempts }),
  /** As `cancel`, of up to `limit` jobs of a portfolio that match. */
  cancelMany: (db: Db, which: Many) => changeMany(cancelMany(db), anyCancellable(db), which),
  /** As `requeue`, of up to `limit` jobs of a portfolio that match. */
  requeueMany: (db: Db, which: Many) => changeMany(requeueMany(db), anyRetryable(db), which),
  /** Has the file of a finished job deleted. False if there is none, or none any more. */
  deleteFile: async (db: Db, id: string) => (await markFileDeleted(db).execute({ id })).length > 0,
  /** As `requeueMany`, of the jobs of all portfolios, or with these ids. */
  redrive: (db: Db, { portfolioId, ids, errorCode, filter, limit }: Redriven) =>
    changeUpTo(limit, redrive(db), anyRedrivable(db), {
      ...filterValues(filter),
      portfolioId: portfolioId ?? null,
      ids: ids ?? null,
      errorCode: errorCode ?? null,
    }),
};

/** Not a transition: the job has succeeded, and only its file is gone. */
const markFileDeleted = prepared((db) => {
  const marked = db.$with('marked', { key: sql<string>`key`.as('key') }).as(sql`
    update ${jobs} set result = result || jsonb_build_object('deletedAt', ${iso(sql`now()`)})
    where ${one} and result ? 'key' and not result ? 'deletedAt'
    returning result ->> 'key' as key`);
  const recorded = db.$with('recorded', {}).as(sql`
    insert into ${removableObjects} (key, at_once) select key, true from ${marked}
    on conflict (key) do update set since = now(), at_once = true`);
  return db.with(marked, recorded).select({ key: marked.key }).from(marked).prepare('job_mark_file_deleted');
});

const attempts = JSON.stringify(ofEachKind((kind) => jobKinds[kind].maxAttempts));

type Many = { portfolioId: string; filter: JobFilter; limit: number };

type Redriven = {
  portfolioId?: string | undefined;
  ids?: readonly string[] | undefined;
  errorCode?: string | undefined;
  filter: JobFilter;
  limit: number;
};

type Changing<Row> = { execute(values: Values): Promise<Row[]> };

const changeMany = <Row>(
  change: Changing<Row>,
  left: Changing<unknown>,
  { portfolioId, filter, limit }: Many,
) => changeUpTo(limit, change, left, { portfolioId, ...filterValues(filter) });

async function changeUpTo<Row>(
  limit: number,
  change: Changing<Row>,
  left: Changing<unknown>,
  values: Values,
): Promise<{ changed: Row[]; hasMore: boolean }> {
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
