import { type SQL, getTableColumns, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { jobs, outbox } from './job.sql.ts';

/**
 * How many jobs of one portfolio may be on their way at a time, in the queue or with a worker. The others wait in the
 * database, so that a job of another portfolio has no more than this before it, however many they are. Jobs that are
 * accepted at the very same time may go a little beyond it.
 */
export const maxInFlight = 20;

const { placeholder } = sql;

/**
 * True for a queued row of `jobs` whose turn it is within its group. That none runs is asked besides, since of two
 * jobs that are accepted at once the later one may be seen, and begun, first.
 */
export const hasTurn = sql`not exists (
  select 1 from ${jobs} other
  where other.group_key = ${jobs.groupKey} and other.state in ('queued', 'running')
    and (other.state = 'running' or other.turn < ${jobs.turn}))`;

const waits = sql`${jobs.state} = 'queued' and ${jobs.rungAt} is null and ${jobs.runAt} <= now()`;

/**
 * The one statement that decides what is worked on next: it writes the outbox rows of jobs whose time and turn have
 * come, the most urgent first, as far as their portfolio has room. At most one job of a group is ever on its way,
 * so that no number of relays, queues and workers can change the order within it.
 */
const ring = (name: string, portfolios: SQL) =>
  prepared((db) => {
    const { id, groupKey, priority, turn } = getTableColumns(jobs);
    const rung = db.$with('rung', { id, groupKey, priority, turn }).as(sql`
      update ${jobs} set rung_at = now() where ${jobs.id} = any(array(
        select next.id from (${portfolios}) p
        cross join lateral (
          select greatest(0, ${sql.raw(String(maxInFlight))} - count(*)) as jobs from ${jobs} f
          where f.portfolio_id = p.portfolio_id and f.rung_at is not null and f.state in ('queued', 'running')) room
        cross join lateral (
          select ${jobs.id} from ${jobs}
          where ${jobs.portfolioId} = p.portfolio_id and ${waits} and ${hasTurn}
          order by ${jobs.priority}, ${jobs.turn} limit room.jobs for update skip locked) next))
      returning ${jobs}.*`);
    const bells = db.$with('bells', { jobId: outbox.jobId }).as(sql`
      insert into ${outbox} (job_id, group_key) select id, group_key from ${rung} order by priority, turn
      returning job_id`);
    return db.with(rung, bells).select().from(bells).prepare(name);
  });

const ringOf = ring('job_dispatch', sql`select ${placeholder('portfolioId')}::text as portfolio_id`);
const ringAll = ring('job_dispatch_all', sql`select distinct portfolio_id from ${jobs} where ${waits}`);

/** Lets what is next in a portfolio, or in all of them, go to the queue; resolves to the number of jobs that do. */
export async function dispatch(db: Db, portfolioId?: string): Promise<number> {
  const rung = portfolioId === undefined ? ringAll(db).execute() : ringOf(db).execute({ portfolioId });
  return (await rung).length;
}

const unringSilent = prepared((db) =>
  db
    .update(jobs)
    .set({ rungAt: sql`null` })
    .where(
      sql`${jobs.state} = 'queued' and ${jobs.rungAt} < now() - make_interval(secs => ${placeholder('silentSeconds')})
        and not exists (select 1 from ${outbox} where ${outbox.jobId} = ${jobs.id})`,
    )
    .returning({ id: jobs.id })
    .prepare('job_unring_silent'),
);

/** Lets jobs be dispatched again whose message left so long ago that it must be lost. */
export async function unringLost(db: Db, silentSeconds: number): Promise<number> {
  return (await unringSilent(db).execute({ silentSeconds })).length;
}
