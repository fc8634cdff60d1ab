import { type SQL, sql } from 'drizzle-orm';
import type { Actor } from './actor.ts';
import type { Ctx } from './context.ts';
import { members, portfolios } from './portfolio/portfolio.sql.ts';
import { prepared } from './sql.ts';
import { subjectOf } from './tenancy.ts';

/** True for a row of `portfolios` of which the actor is a member, or whose key it uses; takes `ownPortfolioValues`. */
export const isOwnPortfolio: SQL = sql`(${portfolios.id} = ${sql.placeholder('ownPortfolioId')} or exists (
  select 1 from ${members}
  where ${members.portfolioId} = ${portfolios.id} and ${members.subject} = ${sql.placeholder('subject')}))`;

/** The values for the placeholders of `isOwnPortfolio`. They match no portfolio for anonymous readers. */
export function ownPortfolioValues(actor: Actor) {
  const ownPortfolioId = actor.kind === 'portfolio-key' ? actor.portfolioId : '';
  return { ownPortfolioId, subject: subjectOf(actor) };
}

const ownIds = prepared((db) =>
  db.select({ id: portfolios.id }).from(portfolios).where(isOwnPortfolio).prepare('portfolio_own_ids'),
);

/** The ids of an actor's own portfolios, by which their rows are found through an index. */
export async function ownPortfolioIds({ db, actor }: Pick<Ctx, 'db' | 'actor'>): Promise<string[]> {
  return (await ownIds(db).execute(ownPortfolioValues(actor))).map(({ id }) => id);
}
