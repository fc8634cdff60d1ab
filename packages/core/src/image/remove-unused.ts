import { sql } from 'drizzle-orm';
import { caseStudies, caseStudyImages, caseStudyRevisions } from '../case-study/case-study.sql.ts';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { images } from './image.sql.ts';

/** How long after its upload an image may be shown by nothing. */
const unusedDays = 30;

/**
 * Deletes images that no study shows, neither in its text nor in any of its revisions, nor the description of the
 * portfolio. The texts of a portfolio are only read if it has images that may be unused. Resolves to their number.
 */
export async function removeUnusedImages(db: Db, signal: AbortSignal): Promise<number> {
  const candidates = await db
    .selectDistinct({ portfolioId: images.portfolioId })
    .from(images)
    .where(mayBeUnused);
  let removed = 0;
  for (const { portfolioId } of candidates) {
    signal.throwIfAborted();
    removed += await removeUnusedOf(db, portfolioId);
  }
  return removed;
}

const mayBeUnused = sql`${images.uploadedAt} < now() - ${sql.raw(`interval '${unusedDays} days'`)} and not exists (
  select 1 from ${caseStudyImages} shown join ${caseStudies} study on study.id = shown.case_study_id
  where shown.sha256 = ${images.sha256} and study.portfolio_id = ${images.portfolioId})`;

/** The hash in the path of an image, as in `imagePath`. */
const pathInText = '/images/([0-9a-f]{64})';

async function removeUnusedOf(db: Db, portfolioId: string): Promise<number> {
  const deleted = await db.execute(sql`
    with text as (
      select revision.content ->> 'body' as text
      from ${caseStudyRevisions} revision join ${caseStudies} study on study.id = revision.case_study_id
      where study.portfolio_id = ${portfolioId}
      union all
      select description from ${portfolios} where id = ${portfolioId}),
    shown as materialized (select distinct found[1] as sha256 from text, regexp_matches(text, ${pathInText}, 'g') as found)
    delete from ${images}
    where ${images.portfolioId} = ${portfolioId} and ${mayBeUnused}
      and not exists (select 1 from shown where shown.sha256 = ${images.sha256})`);
  return deleted.count;
}
