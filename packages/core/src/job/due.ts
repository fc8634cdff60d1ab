import { sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { jobQueue, jobs } from './job.sql.ts';
import type { JobKind } from './kinds.ts';

const batchSize = 1000;

const markDue = prepared((db) =>
  db
    .update(jobQueue)
    .set({ due: true, readyAt: sql`${jobQueue.runAt}` })
    .where(
      sql`${jobQueue.jobId} = any(array(
        select job_id from ${jobQueue} where not due and run_at <= now()
        order by run_at limit ${sql.raw(String(batchSize))} for update skip locked))`,
    )
    .returning({ kind: jobQueue.kind })
    .prepare('job_queue_mark_due'),
);

/** Makes the jobs claimable whose time has come. Resolves to their kinds, whose workers have to be woken. */
export async function enqueueDue(db: Db): Promise<JobKind[]> {
  const marked = await markDue(db).execute();
  return [...new Set(marked.map(({ kind }) => kind))];
}

/** Adds the jobs to `job_queue` that belong there and are missing. Resolves to their number. */
export async function enqueueMissing(db: Db): Promise<number> {
  const added = await db.execute(sql`
    insert into ${jobQueue} (job_id, portfolio_id, kind, priority, turn, due, run_at)
    select id, portfolio_id, kind, priority, turn, run_at <= now(), run_at
    from (
      select distinct on (group_key) * from ${jobs} where state in ('queued', 'running')
      order by group_key, turn) first
    where state = 'queued' and not exists (select from ${jobQueue} where job_id = first.id)
    on conflict do nothing`);
  return added.count;
}
