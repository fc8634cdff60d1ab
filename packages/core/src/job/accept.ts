import { actorName } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { newId } from '../ids.ts';
import type { Tenant } from '../tenancy.ts';
import { fetchJob } from './internal.ts';
import { type JobPayload, jobKinds } from './kinds.ts';
import type { Job, JobKind } from './schemas.ts';
import { transitions } from './transitions.ts';

/**
 * Stores a job with its first event and its outbox row, at once, and rings for the queue.
 * `groupKey` names what must not be worked on twice at a time.
 */
export async function acceptJob<Kind extends JobKind>(
  ctx: Ctx,
  tenant: Tenant,
  ask: { kind: Kind; title: string; groupKey: string; payload: JobPayload<Kind> },
): Promise<Job> {
  const id = newId('job');
  const { maxAttempts } = jobKinds[ask.kind];
  const requestedBy = actorName(ctx.actor);
  await transitions.accept(ctx.db, { id, portfolioId: tenant.id, requestedBy, maxAttempts, ...ask });
  ctx.doorbell.ring();
  ctx.jobBus.publish({ jobId: id, portfolioId: tenant.id });
  return fetchJob(ctx, id);
}
