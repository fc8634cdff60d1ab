import { type SQL, sql } from 'drizzle-orm';
import type { Actor, Role } from './actor.ts';
import type { Ctx } from './context.ts';
import { members, portfolios } from './portfolio/portfolio.sql.ts';
import { prepared } from './sql.ts';
import { isOwnMembership, memberValues, scopesIn } from './tenancy.ts';

/** True for the portfolios that an actor belongs to, except in the bin. Its placeholders get `ownPortfolioValues(actor)`. */
export const isOwnPortfolio: SQL = sql`(${portfolios.binnedAt} is null and (${portfolios.id} = ${sql.placeholder('ownPortfolioId')} or exists (
  select 1 from ${members}
  where ${members.portfolioId} = ${portfolios.id} and ${isOwnMembership})))`;

/** The placeholder values of `isOwnPortfolio`. Anonymous readers belong to no portfolio. */
export function ownPortfolioValues(actor: Actor) {
  const ownPortfolioId = actor.kind === 'portfolio-key' ? actor.portfolioId : '';
  return { ownPortfolioId, ...memberValues(actor) };
}

const roleHere = sql<Role | null>`(select ${members.role} from ${members}
  where ${members.portfolioId} = ${portfolios.id} and ${members.personId} = ${sql.placeholder('personId')})`;

const ownIds = prepared((db) =>
  db
    .select({ id: portfolios.id, role: roleHere })
    .from(portfolios)
    .where(isOwnPortfolio)
    .prepare('portfolio_own_ids'),
);

/** The portfolios that an actor belongs to, and its scopes in each, for queries that use an index on the portfolio. */
export async function ownPortfolios({ db, actor }: Pick<Ctx, 'db' | 'actor'>) {
  const found = await ownIds(db).execute(ownPortfolioValues(actor));
  return found.map(({ id, role }) => ({ id, scopes: scopesIn(actor, role) }));
}
