import { and, asc, gt, or, sql } from 'drizzle-orm';
import { z } from 'zod';
import { anonymous } from '../actor.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { isOwnPortfolio, ownPortfolioValues } from '../own-portfolios.ts';
import { portfolioFields } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { portfolioSchema } from './schemas.ts';
import { prepared } from '../sql.ts';
import { isVisible } from '../visibility.ts';

export const listPortfolios = operation({
  name: 'portfolio.list',
  kind: 'query',
  summary: 'List the portfolios that the caller can see, oldest first.',
  scope: 'portfolio:read',
  public: true,
  input: z.strictObject(pageInput),
  output: pageOf(portfolioSchema),
  tenant: 'none',
  async run({ actor, db }, { limit, cursor = '' }) {
    const mayReadOwn = actor.kind !== 'anonymous' && actor.scopes.includes('portfolio:read');
    const own = ownPortfolioValues(mayReadOwn ? actor : anonymous);
    const rows = await visibleAfter(db).execute({ ...own, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const visibleAfter = prepared((db) =>
  db
    .select(portfolioFields)
    .from(portfolios)
    .where(and(or(isOwnPortfolio, isVisible.portfolio), gt(portfolios.id, sql.placeholder('cursor'))))
    .orderBy(asc(portfolios.id))
    .limit(sql.placeholder('limit'))
    .prepare('portfolio_list'),
);
