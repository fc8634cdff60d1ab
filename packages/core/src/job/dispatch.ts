import { type SQL, getTableColumns, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { jobs, outbox } from './job.sql.ts';

/**
 * How many jobs of one portfolio may be in flight: in the queue or with a worker. The others wait in the database, so
 * that no portfolio delays the jobs of another by more than this. Jobs accepted concurrently may slightly exceed it.
 */
export const maxInFlight = 20;

const { placeholder } = sql;

/**
 * True for a queued row of `jobs` whose turn it is within its group. Running jobs are checked separately: of two jobs
 * accepted concurrently, the later one may become visible, and start, first.
 */
export const hasTurn = sql`not exists (
  select 1 from ${jobs} other
  where other.group_key = ${jobs.groupKey} and other.state in ('queued', 'running')
    and (other.state = 'running' or other.turn < ${jobs.turn}))`;

const waits = sql`${jobs.state} = 'queued' and ${jobs.enqueuedAt} is null and ${jobs.runAt} <= now()`;

/**
 * The only statement that decides which jobs run next. It writes the outbox rows of jobs that are due and whose turn it
 * is, the most urgent first, up to the limit of their portfolio. At most one job of a group is in flight, so that
 * parallel relays, queues and workers cannot change the order within the group.
 */
const enqueue = (name: string, portfolios: SQL) =>
  prepared((db) => {
    const { id, groupKey, priority, turn } = getTableColumns(jobs);
    const enqueued = db.$with('enqueued', { id, groupKey, priority, turn }).as(sql`
      update ${jobs} set enqueued_at = now() where ${jobs.id} = any(array(
        select next.id from (${portfolios}) p
        cross join lateral (
          select greatest(0, ${sql.raw(String(maxInFlight))} - count(*)) as slots from ${jobs} f
          where f.portfolio_id = p.portfolio_id and f.enqueued_at is not null and f.state in ('queued', 'running')) free
        cross join lateral (
          select ${jobs.id} from ${jobs}
          where ${jobs.portfolioId} = p.portfolio_id and ${waits} and ${hasTurn}
          order by ${jobs.priority}, ${jobs.turn} limit free.slots for update skip locked) next))
      returning ${jobs}.*`);
    const messages = db.$with('messages', { jobId: outbox.jobId }).as(sql`
      insert into ${outbox} (job_id, group_key) select id, group_key from ${enqueued} order by priority, turn
      returning job_id`);
    return db.with(enqueued, messages).select().from(messages).prepare(name);
  });

const enqueueIn = enqueue('job_dispatch', sql`select ${placeholder('portfolioId')}::text as portfolio_id`);
const enqueueInAll = enqueue(
  'job_dispatch_all',
  sql`select distinct portfolio_id from ${jobs} where ${waits}`,
);

/** Enqueues the next jobs of a portfolio, or of all portfolios. Resolves to the number of jobs. */
export async function dispatch(db: Db, portfolioId?: string): Promise<number> {
  const rows =
    portfolioId === undefined ? enqueueInAll(db).execute() : enqueueIn(db).execute({ portfolioId });
  return (await rows).length;
}

const requeueUnclaimed = prepared((db) =>
  db
    .update(jobs)
    .set({ enqueuedAt: sql`null` })
    .where(
      sql`${jobs.state} = 'queued' and ${jobs.enqueuedAt} < now() - make_interval(secs => ${placeholder('afterSeconds')})
        and not exists (select 1 from ${outbox} where ${outbox.jobId} = ${jobs.id})`,
    )
    .returning({ id: jobs.id })
    .prepare('job_requeue_unclaimed'),
);

/**
 * Marks jobs to be dispatched again that no worker has claimed within `afterSeconds` after their message was sent: the
 * message is assumed lost. Resolves to the number of jobs.
 */
export async function requeueLostMessages(db: Db, afterSeconds: number): Promise<number> {
  return (await requeueUnclaimed(db).execute({ afterSeconds })).length;
}
