import { and, eq, isNull } from 'drizzle-orm';
import { AppError } from '../errors.ts';
import { iso } from '../sql.ts';
import { portfolios } from './portfolio.sql.ts';

/** The fields of a portfolio in the bin. */
export const binnedFields = {
  id: portfolios.id,
  slug: portfolios.slug,
  name: portfolios.name,
  binnedAt: iso(portfolios.binnedAt),
  purgeAt: iso(portfolios.purgeAt),
};

/** The public fields of a portfolio. */
export const portfolioFields = {
  id: portfolios.id,
  slug: portfolios.slug,
  name: portfolios.name,
  tagline: portfolios.tagline,
  description: portfolios.description,
  binDays: portfolios.binDays,
  version: portfolios.version,
  createdAt: iso(portfolios.createdAt),
  updatedAt: iso(portfolios.updatedAt),
};

/** For a portfolio that was undeleted, or deleted for good, at the same time. */
export const notInBin = (slug: string) =>
  new AppError('not_found', `There is no portfolio "${slug}" in the bin.`);

/** True for a portfolio that is not in the bin. */
export const isPresent = (id: string) => and(eq(portfolios.id, id), isNull(portfolios.binnedAt));

/** For a portfolio that was deleted at the same time. */
export const portfolioNotFound = (slug: string) =>
  new AppError('not_found', `There is no portfolio "${slug}".`);
