import { sql } from 'drizzle-orm';
import type { Role } from '../actor.ts';
import type { Db } from '../context.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { isoOrNull, jsonObject, prepared } from '../sql.ts';
import type { Tracked } from '../stream.ts';
import { eventFields, jobFields } from './internal.ts';
import { jobEvents, jobs } from './job.sql.ts';
import type { Job, JobStreamItem } from './schemas.ts';
import { readEach, readError, toJob } from './stored.ts';

type JobEvent = Extract<JobStreamItem, { type: 'event' }>['event'];

/** Whose news is read: the events of jobs, and the changed jobs of the portfolios of people and of portfolio keys. */
export type Watched = { jobs: string[]; people: string[]; portfolios: string[] };

type Membership = { personId: string; role: Role; tokensNotBefore: string | null };

export type News = {
  /** The transactions that this read has seen, as `pg_snapshot`. */
  cursor: string;
  /** When it was read, by the clock of the database: in milliseconds since 1970. */
  readAt: number;
  /** True if the cursor of before has seen what this database has not, as after it was restored. */
  isOfFuture: boolean;
  events: { jobId: string; item: Tracked<JobStreamItem> }[];
  /**
   * The present state of each changed job, with those who watch its portfolio and belong to it: their roles, and since
   * when their tokens have to be issued to act there.
   */
  changes: { portfolioId: string; watchers: Membership[]; job: Job }[];
};

const { placeholder } = sql;
const cursor = sql`${placeholder('cursor')}::pg_snapshot`;

/**
 * The events of transactions that were not committed for the reader of `cursor`: later ones, and those that were in
 * progress then. So it costs what is new, and nothing for a transaction that goes on for hours.
 */
const eventsSinceCursor = sql`
  select ${jobEvents}.* from ${jobEvents} where ${jobEvents.xid} >= pg_snapshot_xmax(${cursor})
  union all
  select ${jobEvents}.* from ${jobEvents} where ${jobEvents.xid} = any(array(select pg_snapshot_xip(${cursor})))`;

const watchingMembers = sql`
  select json_agg(json_build_object(
    'personId', ${members.personId}, 'role', ${members.role}, 'tokensNotBefore', ${isoOrNull(members.tokensNotBefore)})) as watchers
  from ${members}
  where ${members.portfolioId} = ${jobs.portfolioId} and ${members.personId} = any(${placeholder('people')})`;

const eventJson = sql`json_build_object('jobId', ${jobEvents.jobId}, 'event', ${jsonObject(eventFields)})`;
const changeJson = sql`json_build_object(
  'portfolioId', ${jobs.portfolioId}, 'watchers', coalesce(watchers, '[]'), 'job', ${jsonObject(jobFields)})`;

/** One statement, so that events, jobs, memberships and the next cursor are of one moment. */
const newsSince = prepared((db) =>
  db
    .select({
      cursor: sql<string>`cursor`,
      readAt: sql<number>`read_at`,
      isOfFuture: sql<boolean>`is_of_future`,
      events: sql<{ jobId: string; event: JobEvent }[]>`events`,
      changes: sql<News['changes']>`changes`,
    })
    .from(
      sql`(
        with fresh as (${eventsSinceCursor})
        select pg_current_snapshot()::text as cursor, extract(epoch from clock_timestamp())::float8 * 1000 as read_at,
          coalesce(pg_snapshot_xmax(${cursor}) > pg_snapshot_xmax(pg_current_snapshot()), false) as is_of_future,
          (select coalesce(json_agg(${eventJson} order by ${jobEvents.seq}), '[]')
            from fresh as ${jobEvents} where ${jobEvents.jobId} = any(${placeholder('jobs')})) as events,
          (select coalesce(json_agg(${changeJson} order by ${jobs.updatedAt}, ${jobs.id}), '[]')
            from ${jobs} join ${portfolios} on ${portfolios.id} = ${jobs.portfolioId} and ${portfolios.binnedAt} is null
              cross join lateral (${watchingMembers}) as watching
            where ${jobs.id} in (select job_id from fresh)
              and (watchers is not null or ${jobs.portfolioId} = any(${placeholder('portfolios')}))) as changes
      ) as news`,
    )
    .prepare('job_news'),
);

/** Reads what became visible since the cursor; without one, only where to begin. Reports what it leaves out. */
export async function readNews(
  db: Db,
  before: string | undefined,
  watched: Watched,
  report: (unreadable: unknown) => void,
): Promise<News> {
  const [news] = await newsSince(db).execute({ cursor: before ?? null, ...watched });
  const { events, changes } = news!;
  return {
    ...news!,
    events: readEach(events, ({ jobId, event }) => ({ jobId, item: eventItem(event) }), report),
    changes: readEach(changes, (change) => ({ ...change, job: toJob(change.job) }), report),
  };
}

/** An event as an item of its job's stream; its number is the cursor. */
export function eventItem(event: JobEvent): Tracked<JobStreamItem> {
  return {
    cursor: String(event.seq),
    data: { type: 'event', event: { ...event, error: readError(event.error) } },
  };
}
