import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { jsonObject, prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { portfolioFields } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { type Portfolio, portfolioSchema } from './schemas.ts';

export const readPortfolio = operation({
  name: 'portfolio.read',
  kind: 'query',
  summary: "Read a portfolio's profile.",
  scope: 'portfolio:read',
  public: true,
  input: z.strictObject({ portfolio: slugSchema }),
  output: portfolioSchema,
  tenant: tenantBySlug,
  async run({ db }, _input, tenant) {
    const [row] = await byId(db).execute({ id: tenant.id });
    return row!.json;
  },
});

const byId = prepared((db) =>
  db
    .select({ json: jsonObject<Portfolio>(portfolioFields) })
    .from(portfolios)
    .where(eq(portfolios.id, sql.placeholder('id')))
    .prepare('portfolio_by_id'),
);
