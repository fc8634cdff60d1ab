import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { portfolioFields } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { expectedVersion, requireVersion } from '../version.ts';
import { nextVersion } from '../version.sql.ts';
import { binDays, portfolioProfile, portfolioSchema } from './schemas.ts';

export const updatePortfolio = operation({
  name: 'portfolio.update',
  kind: 'mutation',
  summary:
    'Update the given fields of a portfolio: its profile, and for how long deleted items stay in the bin.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    ...z.object({ ...portfolioProfile, binDays }).partial().shape,
    ...expectedVersion,
  }),
  output: portfolioSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, expectedVersion: expected, ...changes }, tenant) {
    const [found] = await db
      .select({ version: portfolios.version })
      .from(portfolios)
      .where(eq(portfolios.id, tenant.id))
      .for('update');
    requireVersion(found!, expected);
    const [updated] = await db
      .update(portfolios)
      .set({ ...changes, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(portfolios.id, tenant.id))
      .returning(portfolioFields);
    return updated!;
  },
});
