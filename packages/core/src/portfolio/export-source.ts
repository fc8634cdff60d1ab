import { and, count, eq, sql } from 'drizzle-orm';
import { caseStudies } from '../case-study/case-study.sql.ts';
import type { Db } from '../context.ts';
import { iso } from '../sql.ts';
import { isPublished } from '../visibility.ts';
import { portfolios } from './portfolio.sql.ts';

/**
 * The contents of the cover of a portfolio's PDF; null if the portfolio was deleted. For workers: no actor is checked.
 */
export async function fetchPortfolioExport(db: Db, portfolioId: string) {
  const [found] = await db
    .select({
      slug: portfolios.slug,
      version: portfolios.version,
      name: portfolios.name,
      tagline: portfolios.tagline,
      description: portfolios.description,
      at: iso(sql`now()`),
    })
    .from(portfolios)
    .where(eq(portfolios.id, portfolioId));
  if (!found) return null;
  const { slug, version, ...cover } = found;
  return { slug, version, cover: { ...cover, studyCount: await countPublished(db, portfolioId) } };
}

/** The number of published case studies of a portfolio. */
export async function countPublished(db: Db, portfolioId: string): Promise<number> {
  const [row] = await db
    .select({ studies: count() })
    .from(caseStudies)
    .where(and(eq(caseStudies.portfolioId, portfolioId), isPublished));
  return row!.studies;
}
