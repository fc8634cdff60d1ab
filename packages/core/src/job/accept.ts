import { sql } from 'drizzle-orm';
import { actorName } from '../actor.ts';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { jobs } from './job.sql.ts';
import { fetchJob } from './internal.ts';
import { jobsChanged } from './jobs-changed.ts';
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

/**
 * Stores a job with its first event. Whoever calls it dispatches the jobs of its portfolio in the same transaction, and
 * rings after the commit.
 */
export async function queueJob<Kind extends JobKind>(
  tx: Db,
  { subject, ...request }: JobRequest<Kind> & { portfolioId: string; requestedBy: string },
): Promise<{ id: string }> {
  const id = newId('job');
  const { title, maxAttempts, priority: ofKind } = jobKinds[request.kind];
  const priority = request.priority ?? ofKind;
  await transitions.accept(tx, { ...request, id, title: title(subject), priority, maxAttempts });
  return { id };
}

/** More jobs of one group would only wait for each other, and each dispatch reads all of them. */
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

/** Stores a job for the actor of an operation, dispatches and rings. Throws `conflict` where too many wait for their turn. */
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
  const requestedBy = actorName(ctx.actor);
  const { id } = await queueJob(ctx.db, { ...request, portfolioId: tenant.id, requestedBy });
  if (waiting!.jobs > 0) await raisePriority(ctx.db, groupKey, priority);
  await jobsChanged(ctx, [{ jobId: id, portfolioId: tenant.id }]);
  return fetchJob(ctx, id);
}
