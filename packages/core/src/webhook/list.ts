import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { webhookColumns } from './internal.ts';
import { webhookSchema } from './schemas.ts';
import { webhooks } from './webhook.sql.ts';

export const listWebhooks = operation({
  name: 'webhook.list',
  kind: 'query',
  summary: 'List the webhooks of a portfolio, newest first; for its owners.',
  scope: 'webhook:read',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...pageInput }),
  output: pageOf(webhookSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor = newest('webhook') }, tenant) {
    const rows = await listBefore(db).execute({ portfolioId: tenant.id, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const listBefore = prepared((db) =>
  db
    .select(webhookColumns)
    .from(webhooks)
    .innerJoin(portfolios, eq(portfolios.id, webhooks.portfolioId))
    .where(
      and(
        eq(webhooks.portfolioId, sql.placeholder('portfolioId')),
        lt(webhooks.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(webhooks.id))
    .limit(sql.placeholder('limit'))
    .prepare('webhook_list'),
);
