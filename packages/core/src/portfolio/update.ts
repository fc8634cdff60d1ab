import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { portfolioFields } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { portfolioProfile, portfolioSchema } from './schemas.ts';

export const updatePortfolio = operation({
  name: 'portfolio.update',
  kind: 'mutation',
  summary: "Change the given fields of a portfolio's profile.",
  scope: 'portfolio:write',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...z.object(portfolioProfile).partial().shape }),
  output: portfolioSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, ...changes }, tenant) {
    const [updated] = await db
      .update(portfolios)
      .set({ ...changes, updatedAt: sql`now()` })
      .where(eq(portfolios.id, tenant.id))
      .returning(portfolioFields);
    return updated!;
  },
});
