import { sql } from 'drizzle-orm';
import { actorName } from '../actor.ts';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { prepared } from '../sql.ts';
import { traceparentOf } from '../telemetry/trace.ts';
import type { Tenant } from '../tenancy.ts';
import { jobs } from './job.sql.ts';
import { fetchJob } from './internal.ts';
import { type ChangedJob, jobsChanged } from './jobs-changed.ts';
import { type JobKind, type JobPayload, jobKinds } from './kinds.ts';
import { type JobPriority, jobPrioritySchema } from './priority.ts';
import type { Job } from './schemas.ts';
import { transitions } from './transitions.ts';

/** A request for a job. Jobs with the same `groupKey` run one at a time, in the order in which they were accepted. */
type JobRequest<Kind extends JobKind> = {
  kind: Kind;
  /** What the job is about, for the title that its kind makes of it. */
  subject: string;
  groupKey: string;
  payload: JobPayload<Kind>;
  /** Defaults to the priority of its kind. */
  priority?: JobPriority | undefined;
};

type AnyRequest = { [Kind in JobKind]: JobRequest<Kind> }[JobKind] & {
  portfolioId: string;
  requestedBy: string;
  /** Of what causes the job, if that is not the span in which this runs. */
  traceparent?: string | null | undefined;
};

/** Stores jobs with their first events, in order. The caller must call `jobsChanged` after the commit. */
export async function queueJobs(tx: Db, requests: readonly AnyRequest[]): Promise<ChangedJob[]> {
  const accepted = requests.map(({ subject, ...request }) => {
    const { title, maxAttempts, priority } = jobKinds[request.kind];
    return {
      ...request,
      id: newId('job'),
      title: title(subject),
      priority: request.priority ?? priority,
      maxAttempts,
      traceparent: request.traceparent ?? traceparentOf(),
    };
  });
  if (accepted.length > 0) await transitions.accept(tx, accepted);
  return accepted.map(({ id: jobId, portfolioId, kind }) => ({ jobId, portfolioId, kind, isNew: true }));
}

/** More jobs of one group would only wait for each other. */
const maxUnfinishedInGroup = 100;

const unfinishedInGroup = prepared((db) =>
  db
    .select({ jobs: sql<number>`count(*)::int` })
    .from(jobs)
    .where(sql`${jobs.groupKey} = ${sql.placeholder('groupKey')} and ${jobs.state} in ('queued', 'running')`)
    .prepare('job_unfinished_in_group'),
);

const raiseGroupPriority = prepared((db) =>
  db
    .update(jobs)
    .set({ priority: sql`${sql.placeholder('priority')}` })
    .where(
      sql`${jobs.groupKey} = ${sql.placeholder('groupKey')} and ${jobs.state} = 'queued' and ${jobs.priority} > ${sql.placeholder('priority')}`,
    )
    .prepare('job_raise_group_priority'),
);

/** Raises the priority of the queued jobs of a group: a new job with a higher priority has to wait for them. */
async function raisePriority(db: Db, groupKey: string, priority: JobPriority): Promise<void> {
  await raiseGroupPriority(db).execute({ groupKey, priority: jobPrioritySchema.options.indexOf(priority) });
}

/** Stores a job for the actor of an operation. Throws `conflict` if its group has too many unfinished jobs. */
export async function acceptJob<Kind extends JobKind>(
  ctx: Ctx,
  tenant: Tenant,
  request: JobRequest<Kind>,
): Promise<Job> {
  const { groupKey, kind, priority = jobKinds[kind].priority } = request;
  const [waiting] = await unfinishedInGroup(ctx.db).execute({ groupKey });
  if (waiting!.jobs >= maxUnfinishedInGroup) {
    throw new AppError(
      'conflict',
      `${waiting!.jobs} jobs for the same resource are unfinished, which is the limit. Wait for them to finish, or cancel some.`,
    );
  }
  // Before the job is stored, which locks the one before it.
  if (waiting!.jobs > 0) await raisePriority(ctx.db, groupKey, priority);
  const requestedBy = actorName(ctx.actor);
  const by = { portfolioId: tenant.id, requestedBy, traceparent: traceparentOf(ctx.origin?.traceparent) };
  const [job] = await queueJobs(ctx.db, [{ ...request, ...by } as AnyRequest]);
  jobsChanged(ctx, [job!]);
  return fetchJob(ctx, job!.jobId);
}
