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

/** What a job is asked with. `groupKey` names what must not be worked on twice at a time, and is worked on in order. */
type Ask<Kind extends JobKind> = {
  kind: Kind;
  /** What the job is about, for the title that its kind makes of it. */
  subject: string;
  groupKey: string;
  payload: JobPayload<Kind>;
  /** That of its kind where none is given. */
  priority?: JobPriority | undefined;
};

/**
 * Stores a job with its first event. Whoever calls it dispatches the jobs of its portfolio in the same transaction, and
 * rings after the commit.
 */
export async function queueJob<Kind extends JobKind>(
  tx: Db,
  { subject, ...ask }: Ask<Kind> & { portfolioId: string; requestedBy: string },
): Promise<{ id: string }> {
  const id = newId('job');
  const { title, maxAttempts, priority } = jobKinds[ask.kind];
  const job = { ...ask, id, title: title(subject), priority: ask.priority ?? priority, maxAttempts };
  await transitions.accept(tx, job);
  return { id };
}

/** More of one group would only wait for each other, and each dispatch looks at them all. */
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

/** Gives the jobs that a job has to wait for in its group its own priority, where theirs is lower. */
async function raisePriority(db: Db, groupKey: string, priority: JobPriority): Promise<void> {
  await raiseGroupPriority(db).execute({ groupKey, priority: jobPrioritySchema.options.indexOf(priority) });
}

/** Stores a job for the actor of an operation, dispatches and rings. Throws `conflict` where too many wait for their turn. */
export async function acceptJob<Kind extends JobKind>(
  ctx: Ctx,
  tenant: Tenant,
  ask: Ask<Kind>,
): Promise<Job> {
  const [waiting] = await unfinishedInGroup(ctx.db).execute({ groupKey: ask.groupKey });
  if (waiting!.jobs >= maxUnfinishedInGroup) {
    throw new AppError(
      'conflict',
      `${waiting!.jobs} jobs for the same thing have not ended yet: wait for them, or cancel them.`,
    );
  }
  const asked = { ...ask, portfolioId: tenant.id, requestedBy: actorName(ctx.actor) };
  const { id } = await queueJob(ctx.db, asked);
  if (waiting!.jobs > 0)
    await raisePriority(ctx.db, ask.groupKey, ask.priority ?? jobKinds[ask.kind].priority);
  await jobsChanged(ctx, [{ jobId: id, portfolioId: tenant.id }]);
  return fetchJob(ctx, id);
}
