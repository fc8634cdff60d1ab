import { caseStudies } from './case-study/case-study.sql.ts';
import { AppError } from './errors.ts';
import { sql } from 'drizzle-orm';

/** A study that uses something, for `inUse`. One in the bin has its slug elsewhere. */
export const usingStudy = {
  slug: sql<string>`coalesce(${caseStudies.binnedSlug}, ${caseStudies.slug})`.as('slug'),
  isBinned: sql<boolean>`${caseStudies.binnedAt} is not null`.as('is_binned'),
};

/** The maximum number of case studies that an error lists. */
const maxListed = 10;

/** How many studies a query for `inUse` has to find. */
export const usingStudyLimit = maxListed + 1;

/** The refusal to delete what studies use, those in the bin included: they may be undeleted. */
export function inUse(
  what: string,
  studies: { slug: string; isBinned: boolean }[],
  remedy: string,
): AppError {
  const listed = studies
    .slice(0, maxListed)
    .map(({ slug, isBinned }) => (isBinned ? `"${slug}" (in the bin)` : `"${slug}"`));
  const more = studies.length > maxListed ? ' and others' : '';
  const binned = studies.some(({ isBinned }) => isBinned)
    ? ' Those in the bin have to be deleted for good, or undeleted and changed.'
    : '';
  return new AppError('conflict', `${what} the case studies ${listed.join(', ')}${more}. ${remedy}${binned}`);
}
