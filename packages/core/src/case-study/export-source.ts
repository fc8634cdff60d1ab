import { eq } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { isoOrNull } from '../sql.ts';
import { caseStudies } from './case-study.sql.ts';

/** What a PDF of a case study is made of; null if the study is gone. For workers: no actor asks here. */
export async function fetchExportSource(db: Db, caseStudyId: string) {
  const [row] = await db
    .select({
      slug: caseStudies.slug,
      version: caseStudies.version,
      title: caseStudies.title,
      summary: caseStudies.summary,
      portfolioName: portfolios.name,
      client: caseStudies.client,
      period: caseStudies.period,
      tags: caseStudies.tags,
      language: caseStudies.language,
      publishedAt: isoOrNull(caseStudies.publishedAt),
      markdown: caseStudies.body,
    })
    .from(caseStudies)
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(eq(caseStudies.id, caseStudyId));
  if (!row) return null;
  const { slug, version, period, ...document } = row;
  const shownPeriod = period && [...new Set([period.from, period.to ?? 'today'])].join(' – ');
  return { slug, version, document: { ...document, period: shownPeriod } };
}
