import { sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { jsonObject, prepared } from '../sql.ts';
import { type readableJobs, isShown } from './access.ts';
import { filterValues } from './filter.ts';
import { jobFields } from './internal.ts';
import { jobEvents, jobs } from './job.sql.ts';
import { newestIds } from './list.ts';
import type { Job } from './schemas.ts';
import { readEach, toJob } from './stored.ts';

/** How many events are read at once, and how many reads it takes until another way is cheaper. */
const eventsPerPage = 2000;
const maxPages = 5;
/** How many jobs are examined at once. */
const jobsPerPage = 500;
/** How many jobs one client may make the process hold: a client that does not read keeps them there. */
const maxJobs = 2000;

const { placeholder } = sql;
const since = sql`${placeholder('since')}::pg_snapshot`;
const after = placeholder('after');

type Readable = Awaited<ReturnType<typeof readableJobs>>;

/**
 * The jobs of portfolios that have changed since a cursor, each once in its present state. A recent cursor costs what
 * has happened since; an old one costs what the portfolios have. Null if more than `maxJobs` have
 * changed, or if the cursor is of the future, as after the database was restored.
 */
export async function changedJobs(db: Db, readable: Readable, cursor: string): Promise<Job[] | null> {
  const changed = new Map<string, Job>();
  let last = '0';
  for (let page = 0; page < maxPages; page++) {
    const [found] = await changedByEvents(db).execute({ ...readable, since: cursor, after: last });
    if (found!.isOfFuture) return null;
    for (const job of readEach(found!.jobs, toJob)) changed.set(job.id, job);
    if (changed.size > maxJobs) return null;
    if (found!.events < eventsPerPage) return [...changed.values()];
    last = found!.last!;
  }
  return changedOfAll(db, readable, cursor);
}

const jobsJson = sql<
  Job[]
>`coalesce(json_agg(${jsonObject(jobFields)} order by ${jobs.updatedAt}, ${jobs.id}), '[]')`;

/** With ties, since all events of a transaction have its number. The first page also has what was in progress then. */
const pageOfEvents = sql`
  (select ${jobEvents.jobId}, ${jobEvents.xid} from ${jobEvents}
    where ${jobEvents.xid} >= pg_snapshot_xmax(${since}) and ${jobEvents.xid} > ${after}::text::xid8
    order by ${jobEvents.xid} fetch first ${sql.raw(String(eventsPerPage))} rows with ties)
  union all
  (select ${jobEvents.jobId}, ${jobEvents.xid} from ${jobEvents}
    where ${after}::text = '0' and ${jobEvents.xid} = any(array(select pg_snapshot_xip(${since}))))`;

const changedByEvents = prepared((db) =>
  db
    .select({
      isOfFuture: sql<boolean>`is_of_future`,
      events: sql<number>`events`,
      last: sql<string | null>`last`,
      jobs: sql<Job[]>`jobs`,
    })
    .from(
      sql`(
        with page as (${pageOfEvents})
        select pg_snapshot_xmax(${since}) > pg_snapshot_xmax(pg_current_snapshot()) as is_of_future,
          (select count(*)::int from page where xid >= pg_snapshot_xmax(${since})) as events,
          (select max(xid)::text from page) as last,
          (select ${jobsJson} from ${jobs} join ${portfolios} on ${portfolios.id} = ${jobs.portfolioId}
            where ${jobs.id} in (select job_id from page)
              and ${jobs.portfolioId} = any(${placeholder('own')}) and ${isShown(jobs.portfolioId, jobs.kind)}) as jobs
      ) as changed`,
    )
    .prepare('job_changed_by_events'),
);

async function changedOfAll(db: Db, readable: Readable, cursor: string): Promise<Job[] | null> {
  const changed: Job[] = [];
  const values = { portfolio: null, limit: jobsPerPage, ...filterValues({}) };
  for (let before: string | null = newest('job'); before !== null;) {
    const [found] = await changedOfPage(db).execute({
      ...readable,
      since: cursor,
      cursor: before,
      ...values,
    });
    changed.push(...readEach(found!.jobs, toJob));
    if (changed.length > maxJobs) return null;
    before = found!.count < jobsPerPage ? null : found!.last;
  }
  return changed;
}

/** A job has changed where its last event has: its events are committed in their order. */
const changedOfPage = prepared((db) =>
  db
    .select({ count: sql<number>`count`, last: sql<string | null>`last`, jobs: sql<Job[]>`jobs` })
    .from(
      sql`(
        with page as (${newestIds})
        select (select count(*)::int from page) as count, (select min(id) from page) as last,
          (select ${jobsJson} from ${jobs} join ${portfolios} on ${portfolios.id} = ${jobs.portfolioId}
            join ${jobEvents} on ${jobEvents.jobId} = ${jobs.id} and ${jobEvents.seq} = ${jobs.lastSeq}
            where ${jobs.id} in (select id from page)
              and not pg_visible_in_snapshot(${jobEvents.xid}, ${since})) as jobs
      ) as changed`,
    )
    .prepare('job_changed_of_page'),
);
