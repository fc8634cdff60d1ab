import { and, asc, gt } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolioFields, visiblePortfolios } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { portfolioSchema } from './schemas.ts';

export const listPortfolios = operation({
  name: 'portfolio.list',
  kind: 'query',
  summary: 'List the portfolios that the caller knows of, oldest first.',
  scope: 'portfolio:read',
  public: true,
  input: z.strictObject(pageInput),
  output: pageOf(portfolioSchema),
  tenant: 'none',
  async run({ actor, db }, { limit, cursor }) {
    const mayReadOwn = actor.kind !== 'anonymous' && actor.scopes.includes('portfolio:read');
    const rows = await db
      .select(portfolioFields)
      .from(portfolios)
      .where(and(visiblePortfolios(actor, mayReadOwn), cursor ? gt(portfolios.id, cursor) : undefined))
      .orderBy(asc(portfolios.id))
      .limit(limit + 1);
    return toPage(rows, limit);
  },
});
