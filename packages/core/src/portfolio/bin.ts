import { and, asc, eq, gt, isNotNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { prepared } from '../sql.ts';
import { isOwnMembership, memberValues } from '../tenancy.ts';
import { binnedFields } from './internal.ts';
import { members, portfolios } from './portfolio.sql.ts';
import { binnedPortfolioSchema } from './schemas.ts';

export const listBinnedPortfolios = operation({
  name: 'portfolio.bin',
  kind: 'query',
  summary: 'List the deleted portfolios that the caller owns and can still undelete, oldest first.',
  scope: 'portfolio:read',
  public: false,
  input: z.strictObject(pageInput),
  output: pageOf(binnedPortfolioSchema),
  tenant: 'none',
  async run({ db, actor }, { limit, cursor = '' }) {
    const rows = await binnedAfter(db).execute({ ...memberValues(actor), cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const binnedAfter = prepared((db) =>
  db
    .select(binnedFields)
    .from(portfolios)
    .innerJoin(members, and(eq(members.portfolioId, portfolios.id), isOwnMembership))
    .where(
      and(
        isNotNull(portfolios.binnedAt),
        gt(portfolios.purgeAt, sql`now()`),
        eq(members.role, 'owner'),
        gt(portfolios.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(asc(portfolios.id))
    .limit(sql.placeholder('limit'))
    .prepare('portfolio_bin'),
);
