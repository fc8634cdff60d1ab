import { sql } from 'drizzle-orm';
import { caseStudies } from '../case-study/case-study.sql.ts';
import type { Db } from '../context.ts';
import { jobEvents, jobs } from '../job/job.sql.ts';
import { webhookDeliveries } from '../webhook/webhook.sql.ts';
import { inBatches } from '../batches.ts';
import type { Period } from './task.ts';

/** A batch takes up to a second (jobs, on a busy machine), after which a stop is heeded. */
const batchSize = 1000;

/** Who has not looked for a month at what happened while a job ran will not: how it ended stays. */
const jobEventDays = 30;
/** A quarter, as reports on operations have it. Its file goes with a job. */
const jobDays = 90;
/** What cannot be redelivered after a month is of no use to its receiver any more. */
const deliveryDays = 30;

const days = (count: number) => sql.raw(`interval '${count} days'`);

/**
 * Removes the events of jobs whose time to keep them ran out within the period: as each period comes once, what has
 * been pruned already is not looked at again. Watchers who come back later get a snapshot.
 */
export function pruneJobEvents(db: Db, { from, to }: Period, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, async (size) => {
    const pruned = await db.execute(sql`
      delete from ${jobEvents} where (job_id, seq) in (
        select e.job_id, e.seq from ${jobs} j join ${jobEvents} e on e.job_id = j.id
        where j.finished_at >= ${from}::timestamptz - ${days(jobEventDays)}
          and j.finished_at < ${to}::timestamptz - ${days(jobEventDays)}
        limit ${size})`);
    return pruned.count;
  });
}

/** The newest file of a study as it is now may be old, and is shown for as long as the study does not change. */
const isCurrentPdf = sql`coalesce(j.kind = 'export.pdf' and exists (
  select 1 from ${caseStudies} study
  where study.id = j.payload ->> 'caseStudyId' and study.version::text = j.result ->> 'studyVersion'
    and not exists (
      select 1 from ${jobs} newer
      where newer.group_key = j.group_key and newer.id > j.id and newer.state = 'succeeded'
        and newer.result ->> 'studyVersion' = study.version::text)), false)`;

/** Removes jobs that ended long ago, with all that is told of them; a trigger hands over their files to be removed. */
export function removeOldJobs(db: Db, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, async (size) => {
    const removed = await db.execute(sql`
      delete from ${jobs} where id = any(array(
        select j.id from ${jobs} j
        where j.finished_at < now() - ${days(jobDays)} and not ${isCurrentPdf}
        order by j.finished_at limit ${size} for update skip locked))`);
    return removed.count;
  });
}

/** Removes old deliveries of webhooks, but for those that are still being tried. */
export function removeOldDeliveries(db: Db, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, async (size) => {
    const removed = await db.execute(sql`
      delete from ${webhookDeliveries} where id = any(array(
        select id from ${webhookDeliveries}
        where created_at < now() - ${days(deliveryDays)} and state <> 'pending'
        order by created_at limit ${size} for update skip locked))`);
    return removed.count;
  });
}
