import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { jobPauses } from './job.sql.ts';
import type { JobKind } from './kinds.ts';
import { type JobScope, isOfScope, waitingKinds } from './scope.ts';

/** True where jobs of this portfolio and kind are paused. Those of a portfolio in the bin are, until all are cancelled. */
export const isPaused = (portfolioId: SQL | PgColumn, kind: SQL | PgColumn) => sql`(exists (
  select from ${jobPauses} pause
  where coalesce(pause.portfolio_id, ${portfolioId}) = ${portfolioId} and coalesce(pause.kind, ${kind}) = ${kind})
  or ${portfolioId} = any(array(select id from ${portfolios} where binned_at is not null)))`;

/** Keeps jobs from starting. They are accepted and can be cancelled as before, and running ones go on. */
export async function pauseJobs(db: Db, { portfolioId, kind }: JobScope, reason: string): Promise<void> {
  await db
    .insert(jobPauses)
    .values({ portfolioId, kind, reason })
    .onConflictDoUpdate({ target: [jobPauses.portfolioId, jobPauses.kind], set: { reason } });
}

/**
 * Ends the pause of exactly this scope; a wider or narrower one stays. Resolves to the kinds of waiting jobs, whose workers
 * the caller wakes; without that, they start with the next sweep.
 */
export async function resumeJobs(db: Db, scope: JobScope): Promise<JobKind[]> {
  await db.delete(jobPauses).where(isOfScope(jobPauses, scope));
  return waitingKinds(db);
}
