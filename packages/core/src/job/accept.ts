import { actorName } from '../actor.ts';
import type { Ctx, Db } from '../context.ts';
import { newId } from '../ids.ts';
import type { Tenant } from '../tenancy.ts';
import { dispatch } from './dispatch.ts';
import { fetchJob } from './internal.ts';
import { type JobPayload, jobKinds } from './kinds.ts';
import type { Job, JobKind, JobPriority } from './schemas.ts';
import { transitions } from './transitions.ts';

/** What a job is asked with. `groupKey` names what must not be worked on twice at a time, and is worked on in order. */
type Ask<Kind extends JobKind> = {
  kind: Kind;
  title: string;
  groupKey: string;
  payload: JobPayload<Kind>;
  /** That of its kind where none is given. */
  priority?: JobPriority | undefined;
};

/**
 * Stores a job with its first event and, if its turn has come, its outbox row, at once. Whoever calls it rings for it
 * after the commit.
 */
export async function queueJob<Kind extends JobKind>(
  tx: Db,
  { portfolioId, ...ask }: Ask<Kind> & { portfolioId: string; requestedBy: string },
): Promise<{ id: string }> {
  const id = newId('job');
  const { maxAttempts, priority } = jobKinds[ask.kind];
  await transitions.accept(tx, { ...ask, priority: ask.priority ?? priority, id, portfolioId, maxAttempts });
  await dispatch(tx, portfolioId);
  return { id };
}

/** As `queueJob`, for the actor of an operation, and rings. */
export async function acceptJob<Kind extends JobKind>(
  ctx: Ctx,
  tenant: Tenant,
  ask: Ask<Kind>,
): Promise<Job> {
  const asked = { ...ask, portfolioId: tenant.id, requestedBy: actorName(ctx.actor) };
  const { id } = await queueJob(ctx.db, asked);
  ctx.doorbell.ring();
  ctx.jobBus.publish({ jobId: id, portfolioId: tenant.id });
  return fetchJob(ctx, id);
}
