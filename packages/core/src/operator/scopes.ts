import { asc, eq } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { jobLimits, jobPauses } from '../job/job.sql.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso } from '../sql.ts';
import { mostScopes } from './schemas.ts';

/** All pauses, the oldest first. */
export async function readPauses(db: Db) {
  const items = await db
    .select({
      portfolioId: jobPauses.portfolioId,
      portfolio: portfolios.slug,
      kind: jobPauses.kind,
      reason: jobPauses.reason,
      pausedAt: iso(jobPauses.pausedAt),
    })
    .from(jobPauses)
    .leftJoin(portfolios, eq(portfolios.id, jobPauses.portfolioId))
    .orderBy(asc(jobPauses.pausedAt))
    .limit(mostScopes);
  return { items };
}

/** All limits, the oldest first. */
export async function readLimits(db: Db) {
  const items = await db
    .select({
      portfolioId: jobLimits.portfolioId,
      portfolio: portfolios.slug,
      kind: jobLimits.kind,
      mostRunning: jobLimits.mostRunning,
      reason: jobLimits.reason,
      limitedAt: iso(jobLimits.limitedAt),
    })
    .from(jobLimits)
    .leftJoin(portfolios, eq(portfolios.id, jobLimits.portfolioId))
    .orderBy(asc(jobLimits.limitedAt))
    .limit(mostScopes);
  return { items };
}
