import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { type ProvenClaim, proveClaims } from '../claim/provenance.ts';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull } from '../sql.ts';
import { isPublished } from '../visibility.ts';
import { caseStudies } from './case-study.sql.ts';

/** A case study as a PDF shows it, and which state of it that is. */
export type ExportSource = NonNullable<Awaited<ReturnType<typeof fetchExportSource>>>;

/** What a PDF of a case study is made of; null if the study is gone. For workers: no actor asks here. */
export function fetchExportSource(db: Db, caseStudyId: string) {
  return fetchStudy(db, eq(caseStudies.id, caseStudyId));
}

/**
 * What a portfolio has published, newest first as in its list. Each study is read when it is asked for, and is of one
 * moment with its claims: no connection is held between two studies, and one study at a time is in memory.
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

/** The newest study that matches, with its claims, in one snapshot. */
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
      const claims = await proveClaims({ db: snapshot }, id, portfolio);
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

/**
 * Names what a PDF shows of a study and of what its claims are worth. When its evidence was last looked at is left
 * out: as long as nothing came of it, a file from before tells the same.
 */
export function stateOf(version: number, claims: ProvenClaim[]): string {
  const shown = claims.map(({ evidence, ...claim }) => ({
    ...claim,
    evidence: evidence.map(({ checkedAt: _, freshUntil: __, ...cited }) => cited),
  }));
  return createHash('sha256')
    .update(JSON.stringify([version, shown], (_key, value: unknown) => rounded(value)))
    .digest('hex');
}

/** An average may differ in its last digits from one query to the next. */
const rounded = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value);
