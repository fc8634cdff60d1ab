import { type SQL, and, eq, isNull, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { jobPauses, jobQueue } from './job.sql.ts';
import type { JobKind } from './kinds.ts';

/** True where jobs of this portfolio and kind are paused. Those of a portfolio in the bin are, until all are cancelled. */
export const isPaused = (portfolioId: SQL | PgColumn, kind: SQL | PgColumn) => sql`(exists (
  select from ${jobPauses} pause
  where coalesce(pause.portfolio_id, ${portfolioId}) = ${portfolioId} and coalesce(pause.kind, ${kind}) = ${kind})
  or ${portfolioId} = any(array(select id from ${portfolios} where binned_at is not null)))`;

/** What a pause concerns: the jobs of a portfolio and of a kind; without them, those of all. */
type Scope = { portfolioId?: string | undefined; kind?: JobKind | undefined };

/** Keeps jobs from starting. They are accepted and can be cancelled as before, and running ones go on. */
export async function pauseJobs(db: Db, { portfolioId, kind }: Scope, reason: string): Promise<void> {
  await db
    .insert(jobPauses)
    .values({ portfolioId, kind, reason })
    .onConflictDoUpdate({ target: [jobPauses.portfolioId, jobPauses.kind], set: { reason } });
}

/**
 * Ends the pause of exactly this scope; a wider or narrower one stays. Resolves to the kinds of waiting jobs, whose workers
 * the caller wakes; without that, they start with the next sweep.
 */
export async function resumeJobs(db: Db, { portfolioId, kind }: Scope): Promise<JobKind[]> {
  await db
    .delete(jobPauses)
    .where(
      and(
        portfolioId === undefined ? isNull(jobPauses.portfolioId) : eq(jobPauses.portfolioId, portfolioId),
        kind === undefined ? isNull(jobPauses.kind) : eq(jobPauses.kind, kind),
      ),
    );
  const waiting = await db
    .selectDistinct({ kind: jobQueue.kind })
    .from(jobQueue)
    .where(sql`due`);
  return waiting.map((row) => row.kind);
}
