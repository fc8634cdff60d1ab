import { sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { seenWithinSeconds } from './fleet.ts';
import { jobLimits, jobQueue, jobWorkers, jobs } from './job.sql.ts';
import { type JobKind, jobKinds, ofEachKind } from './kinds.ts';
import { isPaused } from './pauses.ts';

/** The unfinished jobs of a kind. */
type BacklogOfKind = {
  /** That a worker with a free slot may start now. */
  due: number;
  /** That wait for their time, for an earlier job of their group, or until a pause is over. */
  waiting: number;
  running: number;
  /** For how long the oldest of those that are due could have run; 0 if none is. */
  oldestSeconds: number;
};

/** `workers` is how many worker processes could be busy with what is due and running. */
export type Backlog = { workers: number; kinds: Record<JobKind, BacklogOfKind> };

/** Reads unfinished jobs and live workers only, by the partial index of unfinished jobs. */
const backlogByKind = prepared((db) => {
  const columns = {
    kind: sql<string>`kind`.as('kind'),
    due: sql<number>`due`.as('due'),
    waiting: sql<number>`waiting`.as('waiting'),
    running: sql<number>`running`.as('running'),
    oldestSeconds: sql<number>`oldest_seconds`.as('oldest_seconds'),
    slots: sql<number | null>`slots`.as('slots'),
    mostRunning: sql<number | null>`most_running`.as('most_running'),
  };
  const backlog = db.$with('backlog', columns).as(sql`
    select kind, coalesce(due, 0)::int as due, (queued - coalesce(due, 0))::int as waiting, running::int as running,
      coalesce(oldest_seconds, 0)::float8 as oldest_seconds, slots, most_running
    from (
      select kind, count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'running') as running
      from ${jobs} where state in ('queued', 'running') group by kind) unfinished
    left join (
      select kind, count(*) as due,
        round(extract(epoch from now() - min(greatest(ready_at, run_at))), 3) as oldest_seconds
      from ${jobQueue} q where (due or run_at <= now()) and not ${isPaused(sql`q.portfolio_id`, sql`q.kind`)} group by kind) next using (kind)
    left join (
      select slot.key as kind, max(slot.value::int) as slots
      from ${jobWorkers} cross join jsonb_each_text(slots) as slot
      where seen_at > now() - make_interval(secs => ${seenWithinSeconds}) group by slot.key) worker using (kind)
    left join (
      select kind, most_running from ${jobLimits} where portfolio_id is null) limited using (kind)`);
  return db.with(backlog).select().from(backlog).prepare('job_backlog');
});

/** The unfinished jobs by kind, and how many workers they need: as many as live ones have slots, or as a new one has. */
export async function readBacklog(db: Db): Promise<Backlog> {
  const found = await backlogByKind(db).execute();
  const rows = new Map(found.map((row) => [row.kind, row]));
  const needed = ofEachKind((kind) => {
    const { due = 0, running = 0, slots = null, mostRunning = null } = rows.get(kind) ?? {};
    const busy = Math.max(running, Math.min(due + running, mostRunning ?? Infinity));
    const perWorker = slots ?? jobKinds[kind].concurrency;
    // Further workers like those that live would not help a kind for which none has a slot.
    return perWorker === 0 ? 0 : Math.ceil(busy / perWorker);
  });
  const kinds = ofEachKind((kind) => {
    const { due = 0, waiting = 0, running = 0, oldestSeconds = 0 } = rows.get(kind) ?? {};
    return { due, waiting, running, oldestSeconds };
  });
  return { workers: Math.max(0, ...Object.values(needed)), kinds };
}
