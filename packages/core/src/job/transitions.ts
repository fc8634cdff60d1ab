import { type SQL, getTableColumns, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { jobEvents, jobs, outbox } from './job.sql.ts';
import type { JobError, JobEventType, StoredResult } from './schemas.ts';

/**
 * Every change of a job's state, and no other file makes one:
 *
 *     accept → queued → running → succeeded
 *                ↑         ├────→ failed        (permanent, or attempts used up)
 *                └─────────┘                    (retry later, or the worker was lost)
 *
 * Each is one statement: the guarded update, its event with the next number, and, where the job becomes
 * runnable, its outbox row. No row back means that the guard refused: the caller must let go of the job.
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

function transition(name: string, type: JobEventType, change: SQL, { rings = false } = {}) {
  return prepared((db) => {
    const { id, portfolioId, kind, payload, attempt, maxAttempts, lastSeq } = getTableColumns(jobs);
    const changed = db
      .$with('changed', { id, portfolioId, kind, payload, attempt, maxAttempts, lastSeq })
      .as(sql`${change} returning ${jobs}.*`);
    const event = db.$with('event', {}).as(sql`
      insert into ${jobEvents} (job_id, seq, type, state, attempt, progress, step, error)
      select id, last_seq, ${sql.raw(`'${type}'`)}, state, attempt, progress, step, error from ${changed}`);
    const bell = db.$with('bell', {}).as(sql`
      insert into ${outbox} (job_id, group_key) select id, group_key from ${changed}`);
    const selected = (rings ? db.with(changed, event, bell) : db.with(changed, event)).select().from(changed);
    return selected.prepare(name);
  });
}

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
    .returning({ id: jobs.id })
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
  )} where ${leased}`,
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
  )} where ${leased}`,
);

const fail = transition(
  'job_fail',
  'failed',
  sql`update ${jobs} set ${set(
    sql`state = 'failed'`,
    sql`error = ${placeholder('error')}`,
    sql`finished_at = now()`,
    ...release,
  )} where ${leased}`,
);

const expired = (attemptsLeft: SQL) => sql`${jobs.id} in (
  select id from ${jobs} where state = 'running' and lease_until < now() and ${attemptsLeft}
  for update skip locked limit 100)`;

const lost = sql`error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker stopped before the attempt was done.')`;

const requeueLost = transition(
  'job_requeue_lost',
  'lost',
  sql`update ${jobs} set ${set(sql`state = 'queued'`, lost, ...noProgress, sql`run_at = now()`, sql`rung_at = now()`, ...release)}
    where ${expired(sql`attempt < max_attempts`)}`,
  { rings: true },
);

const failLost = transition(
  'job_fail_lost',
  'failed',
  sql`update ${jobs} set ${set(sql`state = 'failed'`, lost, sql`finished_at = now()`, ...release)}
    where ${expired(sql`attempt >= max_attempts`)}`,
);

/** Not a change of state: due jobs whose message is missing, or was sent long ago, get a new one. */
const ringDue = prepared((db) => {
  const due = db.$with('due', { id: getTableColumns(jobs).id }).as(sql`
    update ${jobs} set rung_at = now() where ${jobs.id} in (
      select id from ${jobs}
      where state = 'queued' and run_at <= now() and (rung_at is null or rung_at < now() - ${seconds('silentSeconds')})
      for update skip locked limit 100)
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
  /** Prolongs a lease; undefined when it is no longer held. */
  heartbeat: (db: Db, lease: Lease, leaseSeconds: number) => first(heartbeat(db), { ...lease, leaseSeconds }),
  /** Takes jobs back from workers whose lease ran out; those without attempts left fail. */
  reapLost: async (db: Db) => [...(await requeueLost(db).execute()), ...(await failLost(db).execute())],
};
