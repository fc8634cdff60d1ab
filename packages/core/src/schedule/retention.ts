import { sql } from 'drizzle-orm';
import { caseStudies } from '../case-study/case-study.sql.ts';
import type { Db } from '../context.ts';
import { invitations } from '../invitation/invitation.sql.ts';
import { jobEvents, jobs } from '../job/job.sql.ts';
import { retention } from '../job/kinds.ts';
import { people } from '../person/person.sql.ts';
import { webhookDeliveries } from '../webhook/webhook.sql.ts';
import { inBatches } from '../batches.ts';
import type { Period } from './task.ts';

/** A batch takes up to a second (jobs, on a busy machine). The signal to stop is checked after each. */
const batchSize = 1000;

/** Nobody needs the course of a job after a month. Its outcome is stored longer. */
const jobEventDays = 30;
/** A message that was not redelivered within a month is of no use to its receiver any more. */
const deliveryDays = 30;

/** The retention times of jobs as rows, since the index of finished jobs begins with kind and state. */
const keptJobs = sql`jsonb_to_recordset(${JSON.stringify(retention())}::jsonb) as kept (kind text, state text, days int)`;

const days = (count: number) => sql.raw(`interval '${count} days'`);

/**
 * Deletes the events of jobs whose retention time ended within the period. Each period comes once, so that pruned jobs
 * are not read again. Watchers that reconnect later get a snapshot.
 */
export function pruneJobEvents(db: Db, { from, to }: Period, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, async (size) => {
    const pruned = await db.execute(sql`
      delete from ${jobEvents} where (job_id, seq) in (
        select e.job_id, e.seq from ${keptJobs}
        join ${jobs} j on j.kind = kept.kind and j.state = kept.state join ${jobEvents} e on e.job_id = j.id
        where j.finished_at >= ${from}::timestamptz - ${days(jobEventDays)}
          and j.finished_at < ${to}::timestamptz - ${days(jobEventDays)}
        limit ${size})`);
    return pruned.count;
  });
}

/** The newest PDF of the current version of a study may be old. It is served until the study changes. */
const isCurrentPdf = sql`coalesce(j.kind = 'export.pdf' and exists (
  select 1 from ${caseStudies} study
  where study.id = j.payload ->> 'caseStudyId' and study.version::text = j.result ->> 'studyVersion' and j.result ->> 'deletedAt' is null
    and not exists (
      select 1 from ${jobs} newer
      where newer.group_key = j.group_key and newer.id > j.id and newer.state = 'succeeded'
        and newer.result ->> 'studyVersion' = study.version::text
        and newer.result ->> 'deletedAt' is null)), false)`;

/** Deletes jobs that finished as long ago as their kind declares, with their events. A trigger records their files as removable. */
export function removeOldJobs(db: Db, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, async (size) => {
    const removed = await db.execute(sql`
      delete from ${jobs} where id = any(array(
        select j.id from ${keptJobs} join ${jobs} j on j.kind = kept.kind and j.state = kept.state
        where j.finished_at < now() - make_interval(days => kept.days) and not ${isCurrentPdf}
        order by j.finished_at limit ${size} for update of j skip locked))`);
    return removed.count;
  });
}

/** Who was invited is of interest while invitations are listed; the audit log says who made and accepted them. */
const invitationDays = 30;

/** Deletes invitations a month after the last day on which they could be accepted. */
export function removeOldInvitations(db: Db, signal: AbortSignal): Promise<number> {
  return inBatches(batchSize, signal, async (size) => {
    const removed = await db.execute(sql`
      delete from ${invitations} where id = any(array(
        select id from ${invitations} where expires_at < now() - ${days(invitationDays)}
        order by expires_at limit ${size} for update skip locked))`);
    return removed.count;
  });
}

/** Tokens are valid for hours: after a day, none can mean a person who was erased. */
const erasedIdentityDays = 1;

/** Forgets the hashes by which older tokens of erased people are refused. Resolves to their number. */
export async function forgetErasedIdentities(db: Db): Promise<number> {
  const forgotten = await db.execute(sql`
    update ${people} set erased_identity = null
    where erased_identity is not null and erased_at < now() - ${days(erasedIdentityDays)}`);
  return forgotten.count;
}

/** Deletes old webhook deliveries, except pending ones. */
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
