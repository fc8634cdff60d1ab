import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from './actor.ts';
import type { Ctx } from './context.ts';
import { members, portfolios } from './portfolio/portfolio.sql.ts';
import { prepared } from './sql.ts';
import { isOwnMembership, memberValues } from './tenancy.ts';

/** True for the portfolios that an actor belongs to. Its placeholders get `ownPortfolioValues(actor)`. */
export const isOwnPortfolio: SQL = sql`(${portfolios.id} = ${sql.placeholder('ownPortfolioId')} or exists (
  select 1 from ${members}
  where ${members.portfolioId} = ${portfolios.id} and ${isOwnMembership}))`;

/** The placeholder values of `isOwnPortfolio`. Anonymous readers belong to no portfolio. */
export function ownPortfolioValues(actor: Actor) {
  const ownPortfolioId = actor.kind === 'portfolio-key' ? actor.portfolioId : '';
  return { ownPortfolioId, ...memberValues(actor) };
}

const ownIds = prepared((db) =>
  db.select({ id: portfolios.id }).from(portfolios).where(isOwnPortfolio).prepare('portfolio_own_ids'),
);

/** The ids of the portfolios that an actor belongs to, for queries that use an index on the portfolio. */
export async function ownPortfolioIds({ db, actor }: Pick<Ctx, 'db' | 'actor'>): Promise<string[]> {
  return (await ownIds(db).execute(ownPortfolioValues(actor))).map(({ id }) => id);
}
