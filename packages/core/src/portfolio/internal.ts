import { type SQL, eq, or, sql } from 'drizzle-orm';
import type { Actor } from '../actor.ts';
import { iso } from '../sql.ts';
import { isPublic, subjectOf } from '../tenancy.ts';
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

/** The portfolios in which an actor is at home; strangers have none. */
export function ownPortfolios(actor: Actor): SQL {
  if (actor.kind === 'portfolio-key') return eq(portfolios.id, actor.portfolioId);
  return sql`exists (
    select 1 from ${members}
    where ${members.portfolioId} = ${portfolios.id} and ${members.subject} = ${subjectOf(actor)})`;
}

/** The portfolios that an actor knows of: the own ones and those with something published. */
export function visiblePortfolios(actor: Actor, scopeHeld: boolean): SQL | undefined {
  return scopeHeld ? or(ownPortfolios(actor), isPublic) : isPublic;
}
