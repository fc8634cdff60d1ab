import { and, desc, eq, isNull, lt, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { type ProvenClaim, proveClaims } from '../claim/provenance.ts';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull } from '../sql.ts';
import { isPublished, outsideReader } from '../visibility.ts';
import { caseStudies } from './case-study.sql.ts';

/** The content of a case study's PDF, and the hash of its state. */
export type ExportSource = NonNullable<Awaited<ReturnType<typeof fetchExportSource>>>;

/** The source of a case study's PDF; null if the study was deleted. For workers: no actor is checked. */
export function fetchExportSource(db: Db, caseStudyId: string) {
  return fetchStudy(db, and(eq(caseStudies.id, caseStudyId), isNull(caseStudies.binnedAt)));
}

/**
 * The published case studies of a portfolio, newest first. Each study is read on demand, in one snapshot with its
 * claims. Between studies, no connection is in use; one study at a time is in memory.
 */
export async function* publishedExportSources(db: Db, portfolioId: string): AsyncGenerator<ExportSource> {
  const inPortfolio = and(eq(caseStudies.portfolioId, portfolioId), isPublished);
  for (let before = newest('caseStudy'); ;) {
    const source = await fetchStudy(db, and(inPortfolio, lt(caseStudies.id, before)));
    if (!source) return;
    yield source;
    before = source.id;
  }
}

/** The newest study that matches, with its claims, read in one snapshot. */
function fetchStudy(db: Db, which: ReturnType<typeof and>) {
  return db.transaction(
    async (snapshot) => {
      const [row] = await snapshot
        .select(fields)
        .from(caseStudies)
        .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
        .where(which)
        .orderBy(desc(caseStudies.id))
        .limit(1);
      if (!row) return null;
      const { id, slug, version, portfolio, period, ...document } = row;
      // Whoever had it made: files are passed on.
      const claims = await proveClaims({ db: snapshot }, id, portfolio, outsideReader);
      const shownPeriod = period && [...new Set([period.from, period.to ?? 'today'])].join(' – ');
      const state = stateOf(version, claims);
      return { id, slug, version, state, document: { ...document, period: shownPeriod, claims } };
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

const fields = {
  id: caseStudies.id,
  slug: caseStudies.slug,
  version: caseStudies.version,
  portfolio: portfolios.slug,
  title: caseStudies.title,
  summary: caseStudies.summary,
  portfolioName: portfolios.name,
  client: caseStudies.client,
  period: caseStudies.period,
  tags: caseStudies.tags,
  language: caseStudies.language,
  publishedAt: isoOrNull(caseStudies.publishedAt),
  provenAt: iso(sql`now()`),
  markdown: caseStudies.body,
};

/** Begins the state of files that show sources as outside readers may see them. Files of release 0.1.0 lack it. */
export const outsideView = 'outside:';

/**
 * The hash of the contents of a study's PDF: the version and the proven claims. It ignores when evidence was checked,
 * so that a check without a finding does not invalidate an existing PDF.
 */
export function stateOf(version: number, claims: ProvenClaim[]): string {
  const shown = claims.map(({ evidence, ...claim }) => ({
    ...claim,
    evidence: evidence.map(({ checkedAt: _, freshUntil: __, ...cited }) => cited),
  }));
  const hash = createHash('sha256')
    .update(JSON.stringify([version, shown], (_key, value: unknown) => rounded(value)))
    .digest('hex');
  return outsideView + hash;
}

/** An average can differ in its last digits between queries. */
const rounded = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value);
