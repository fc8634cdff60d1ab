import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { iso } from '../sql.ts';
import { subjectOf } from '../tenancy.ts';
import { members, portfolios } from './portfolio.sql.ts';

/** The public fields of a portfolio. */
export const portfolioFields = {
  id: portfolios.id,
  slug: portfolios.slug,
  name: portfolios.name,
  tagline: portfolios.tagline,
  description: portfolios.description,
  createdAt: iso(portfolios.createdAt),
  updatedAt: iso(portfolios.updatedAt),
};

/** Selects the portfolios in which an actor is at home; takes the values of `atHome(actor)`. */
export const ownPortfolios: SQL = sql`(${portfolios.id} = ${sql.placeholder('ownPortfolioId')} or exists (
  select 1 from ${members}
  where ${members.portfolioId} = ${portfolios.id} and ${members.subject} = ${sql.placeholder('subject')}))`;

/** What `ownPortfolios` goes by. Strangers are at home nowhere. */
export function atHome(actor: Actor) {
  const ownPortfolioId = actor.kind === 'portfolio-key' ? actor.portfolioId : '';
  return { ownPortfolioId, subject: subjectOf(actor) };
}
