import type { Db } from '../context.ts';
import { jobLimits } from './job.sql.ts';
import type { JobKind } from './kinds.ts';
import { type JobScope, isOfScope, waitingKinds } from './scope.ts';

/**
 * Limits how many jobs of a scope run at a time, from the next claim on: running ones go on. Null removes the limit of
 * exactly this scope. Resolves to the kinds of waiting jobs, whose workers the caller wakes.
 */
export async function limitJobs(
  db: Db,
  scope: JobScope,
  limit: { mostRunning: number; reason: string } | null,
): Promise<JobKind[]> {
  if (limit === null) await db.delete(jobLimits).where(isOfScope(jobLimits, scope));
  else
    await db
      .insert(jobLimits)
      .values({ ...scope, ...limit })
      .onConflictDoUpdate({ target: [jobLimits.portfolioId, jobLimits.kind], set: limit });
  return waitingKinds(db);
}
