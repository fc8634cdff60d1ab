import { and, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { binnedBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { nextVersion } from '../version.sql.ts';
import { notInBin, portfolioFields } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { portfolioSchema } from './schemas.ts';

export const undeletePortfolio = operation({
  name: 'portfolio.undelete',
  kind: 'mutation',
  summary: 'Take a portfolio out of the bin, as it was. Jobs that were cancelled with it can be retried.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  public: false,
  input: z.strictObject({ portfolio: slugSchema }),
  output: portfolioSchema,
  tenant: binnedBySlug,
  async run({ db }, _input, { id, slug }) {
    const [restored] = await db
      .update(portfolios)
      .set({ binnedAt: null, purgeAt: null, purgedBy: null, version: nextVersion, updatedAt: sql`now()` })
      .where(and(eq(portfolios.id, id), gt(portfolios.purgeAt, sql`now()`)))
      .returning(portfolioFields);
    if (!restored) throw notInBin(slug);
    return restored;
  },
});
