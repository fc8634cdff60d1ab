import { type SQL, getTableColumns, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { webhookEvents, webhooks } from '../webhook/webhook.sql.ts';
import { type JobFilter, filterValues, matching } from './filter.ts';
import { jobEvents, jobs, outbox } from './job.sql.ts';
import { jobKinds } from './kinds.ts';
import type { JobError, JobEventType, StoredResult } from './schemas.ts';

/**
 * Every change of a job's state, and no other file makes one:
 *
 *     accept → queued → running → succeeded
 *                ↑         ├────→ failed        (permanent, or attempts used up)
 *                │         ├────→ dead          (its worker was lost in the last attempt, too)
 *                ├─────────┘                    (retry later, or the worker was lost)
 *                │
 *                └── failed, dead, cancelled    (retry by hand)
 *
 *     queued, running → cancelled               (a running one by its worker, or by the reaper if that is lost)
 *
 * Each is one statement: the guarded update, its event with the next number, where the job becomes runnable its
 * outbox row, and where it ends its webhook event. No row back means that the guard refused: the caller must let go
 * of the job. Once a cancel of a running job is requested, no guard but that of its cancellation lets it end.
 */
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
const leased = sql`${jobs.id} = ${placeholder('id')} and ${jobs.leaseToken} = ${placeholder('token')}`;
const wanted = sql`${jobs.cancelRequestedAt} is null`;
const typed = (type: JobEventType) => sql.raw(`'${type}'`);

function transition(
  name: string,
  type: JobEventType | SQL,
  change: SQL,
  { rings = false, ends = false }: { rings?: boolean; ends?: boolean } = {},
) {
  return prepared((db) => {
    const { id, portfolioId, kind, payload, attempt, maxAttempts, lastSeq } = getTableColumns(jobs);
    const changed = db
      .$with('changed', { id, portfolioId, kind, payload, attempt, maxAttempts, lastSeq })
      .as(sql`${change} returning ${jobs}.*`);
    const event = db.$with('event', {}).as(sql`
      insert into ${jobEvents} (job_id, seq, type, state, attempt, progress, step, error)
      select id, last_seq, ${typeof type === 'string' ? typed(type) : type}, state, attempt, progress, step, error
      from ${changed}`);
    const bell = db.$with('bell', {}).as(sql`
      insert into ${outbox} (job_id, group_key) select id, group_key from ${changed}`);
    const news = db.$with('news', {}).as(endedNews);
    const also = [...(rings ? [bell] : []), ...(ends ? [news] : [])];
    return db
      .with(changed, event, ...also)
      .select()
      .from(changed)
      .prepare(name);
  });
}

/** What webhooks are told of jobs that ended, where any of them listens. Deliveries tell nothing of themselves. */
const endedNews = sql`
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

const accept = transition(
  'job_accept',
  'queued',
  sql`insert into ${jobs} (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq, rung_at)
    values (${placeholder('id')}, ${placeholder('portfolioId')}, ${placeholder('kind')}, ${placeholder('title')}, 'queued',
      ${placeholder('groupKey')}, ${placeholder('payload')}, ${placeholder('requestedBy')}, ${placeholder('maxAttempts')}, 1, now())`,
  { rings: true },
);

const claim = transition(
  'job_claim',
  'started',
  sql`update ${jobs} set ${set(
    sql`state = 'running'`,
    sql`attempt = ${jobs.attempt} + 1`,
    ...noProgress,
    sql`started_at = now()`,
    sql`lease_token = ${placeholder('token')}`,
    sql`lease_until = now() + ${seconds('leaseSeconds')}`,
  )} where ${jobs.id} = ${placeholder('id')} and ${jobs.state} = 'queued' and ${jobs.runAt} <= now()`,
);

const heartbeat = prepared((db) =>
  db
    .update(jobs)
    .set({ leaseUntil: sql`now() + ${seconds('leaseSeconds')}` })
    .where(leased)
    .returning({ cancelRequestedAt: jobs.cancelRequestedAt })
    .prepare('job_heartbeat'),
);

const progress = transition(
  'job_progress',
  'progress',
  sql`update ${jobs} set ${set(sql`progress = ${placeholder('progress')}`, sql`step = ${placeholder('step')}`)} where ${leased}`,
);

const succeed = transition(
  'job_succeed',
  'succeeded',
  sql`update ${jobs} set ${set(
    sql`state = 'succeeded'`,
    sql`progress = 1`,
    sql`step = null`,
    sql`error = null`,
    sql`result = ${placeholder('result')}`,
    sql`finished_at = now()`,
    ...release,
  )} where ${leased} and ${wanted}`,
  { ends: true },
);

const retry = transition(
  'job_retry',
  'retrying',
  sql`update ${jobs} set ${set(
    sql`state = 'queued'`,
    sql`error = ${placeholder('error')}`,
    ...noProgress,
    sql`run_at = now() + ${seconds('delaySeconds')}`,
    sql`rung_at = null`,
    ...release,
  )} where ${leased} and ${wanted}`,
);

const fail = transition(
  'job_fail',
  'failed',
  sql`update ${jobs} set ${set(
    sql`state = 'failed'`,
    sql`error = ${placeholder('error')}`,
    sql`finished_at = now()`,
    ...release,
  )} where ${leased} and ${wanted}`,
  { ends: true },
);

const endCancelled = [sql`state = 'cancelled'`, sql`step = null`, sql`finished_at = now()`, ...release];

const obeyCancel = transition(
  'job_obey_cancel',
  'cancelled',
  sql`update ${jobs} set ${set(...endCancelled)} where ${leased} and not ${wanted}`,
  { ends: true },
);

/** Jobs that a query locks. As an array, since Postgres may run a query within `in` more than once, past its limit. */
const locked = (query: SQL) => sql`${jobs.id} = any(array(${query}))`;

const expired = (which: SQL) =>
  locked(sql`select id from ${jobs} where state = 'running' and lease_until < now() and ${which}
    limit 100 for update skip locked`);

const lost = sql`error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker stopped before the attempt was done.')`;

const requeueLost = transition(
  'job_requeue_lost',
  'lost',
  sql`update ${jobs} set ${set(sql`state = 'queued'`, lost, ...noProgress, sql`run_at = now()`, sql`rung_at = now()`, ...release)}
    where ${expired(sql`attempt < max_attempts and ${wanted}`)}`,
  { rings: true },
);

const buryLost = transition(
  'job_bury_lost',
  'dead',
  sql`update ${jobs} set ${set(sql`state = 'dead'`, lost, sql`finished_at = now()`, ...release)}
    where ${expired(sql`attempt >= max_attempts and ${wanted}`)}`,
  { ends: true },
);

const cancelLost = transition(
  'job_cancel_lost',
  'cancelled',
  sql`update ${jobs} set ${set(...endCancelled)} where ${expired(sql`not ${wanted}`)}`,
  { ends: true },
);

/** One job, or all that match a filter, the oldest first, up to its limit. Waits for those that are being changed. */
const one = sql`${jobs.id} = ${placeholder('id')}`;
const many = (which: SQL) =>
  locked(sql`select ${jobs.id} from ${jobs}
    where ${jobs.portfolioId} = ${placeholder('portfolioId')} and ${matching} and ${which}
    order by ${jobs.id} limit ${placeholder('limit')} for update`);

const cancellable = sql`${jobs.state} in ('queued', 'running') and ${wanted}`;
const cancelWhere = (name: string, which: SQL) =>
  transition(
    name,
    sql`case state when 'cancelled' then ${typed('cancelled')} else ${typed('cancelling')} end`,
    sql`update ${jobs} set ${set(
      sql`state = case ${jobs.state} when 'queued' then 'cancelled' else ${jobs.state} end`,
      sql`finished_at = case ${jobs.state} when 'queued' then now() end`,
      sql`cancel_requested_at = now()`,
    )} where ${which} and ${cancellable}`,
    { ends: true },
  );
const cancel = cancelWhere('job_cancel', one);
const cancelMany = cancelWhere('job_cancel_many', many(cancellable));

/** Attempts anew by more of them: what an attempt stores is named by its number, which must never come again. */
const retryable = sql`${jobs.state} in ('failed', 'cancelled', 'dead')`;
const requeueWhere = (name: string, which: SQL) =>
  transition(
    name,
    'requeued',
    sql`update ${jobs} set ${set(
      sql`state = 'queued'`,
      sql`max_attempts = ${jobs.attempt} + (${placeholder('attempts')}::jsonb ->> ${jobs.kind})::int`,
      ...noProgress,
      sql`error = null`,
      sql`cancel_requested_at = null`,
      sql`run_at = now()`,
      sql`rung_at = now()`,
      sql`started_at = null`,
      sql`finished_at = null`,
    )} where ${which} and ${retryable}`,
    { rings: true },
  );
const requeue = requeueWhere('job_requeue', one);
const requeueMany = requeueWhere('job_requeue_many', many(retryable));

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

/** Not a change of state: due jobs whose message is missing, or was sent long ago, get a new one. */
const ringDue = prepared((db) => {
  const due = db.$with('due', { id: getTableColumns(jobs).id }).as(sql`
    update ${jobs} set rung_at = now() where ${locked(sql`
      select id from ${jobs}
      where state = 'queued' and run_at <= now() and (rung_at is null or rung_at < now() - ${seconds('silentSeconds')})
      limit 100 for update skip locked`)}
    returning id, group_key`);
  const bell = db.$with('bell', {}).as(sql`
    insert into ${outbox} (job_id, group_key) select id, group_key from ${due}`);
  return db.with(due, bell).select().from(due).prepare('job_ring_due');
});

async function first<Row>(statement: { execute(values: Values): Promise<Row[]> }, values: Values) {
  const [row] = await statement.execute(values);
  return row;
}

/** A lease on a running job: the token guards every write of its attempt. */
export type Lease = { id: string; token: string };

/** Every change of state; each resolves to the changed job, or to undefined where its guard refused. */
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
      requestedBy: string;
      maxAttempts: number;
    },
  ) => first(accept(db), { ...job, payload: JSON.stringify(job.payload) }),
  claim: (db: Db, lease: Lease, leaseSeconds: number) => first(claim(db), { ...lease, leaseSeconds }),
  progress: (db: Db, lease: Lease, at: { progress: number; step: string }) =>
    first(progress(db), { ...lease, ...at }),
  succeed: (db: Db, lease: Lease, result: StoredResult) =>
    first(succeed(db), { ...lease, result: JSON.stringify(result) }),
  retry: (db: Db, lease: Lease, error: JobError, delaySeconds: number) =>
    first(retry(db), { ...lease, error: JSON.stringify(error), delaySeconds }),
  fail: (db: Db, lease: Lease, error: JobError) =>
    first(fail(db), { ...lease, error: JSON.stringify(error) }),
  /** Gives due jobs a message that they lack, or that has not been heard of for `silentSeconds`. */
  ringDue: (db: Db, silentSeconds: number) => ringDue(db).execute({ silentSeconds }),
  /** Prolongs a lease and says whether its job is to be cancelled; undefined when it is no longer held. */
  heartbeat: (db: Db, lease: Lease, leaseSeconds: number) => first(heartbeat(db), { ...lease, leaseSeconds }),
  /** Ends an attempt whose cancel was requested; undefined where none was, or where the lease is gone. */
  obeyCancel: (db: Db, lease: Lease) => first(obeyCancel(db), lease),
  /**
   * Takes jobs back from workers whose lease ran out. Those whose cancel was requested are cancelled; of the others,
   * those without attempts left are dead: each of their workers was lost, or the last one was.
   */
  reapLost: async (db: Db) => [
    ...(await cancelLost(db).execute()),
    ...(await requeueLost(db).execute()),
    ...(await buryLost(db).execute()),
  ],
  /** Cancels a queued job; of a running one, asks its worker to. */
  cancel: (db: Db, id: string) => first(cancel(db), { id }),
  /** Puts a job that ended without a result back into the queue, with attempts anew. */
  requeue: (db: Db, id: string) => first(requeue(db), { id, attempts }),
  /** As `cancel`, of up to `limit` jobs of a portfolio that match. */
  cancelMany: (db: Db, which: Many) => changeMany(cancelMany(db), anyCancellable(db), which),
  /** As `requeue`, of up to `limit` jobs of a portfolio that match. */
  requeueMany: (db: Db, which: Many) => changeMany(requeueMany(db), anyRetryable(db), which),
};

const attempts = JSON.stringify(
  Object.fromEntries(Object.entries(jobKinds).map(([kind, { maxAttempts }]) => [kind, maxAttempts])),
);

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
