import { iso } from '../sql.ts';
import { portfolios } from './portfolio.sql.ts';

/** The public fields of a portfolio. */
export const portfolioFields = {
  id: portfolios.id,
  slug: portfolios.slug,
  name: portfolios.name,
  tagline: portfolios.tagline,
  description: portfolios.description,
  version: portfolios.version,
  createdAt: iso(portfolios.createdAt),
  updatedAt: iso(portfolios.updatedAt),
};
