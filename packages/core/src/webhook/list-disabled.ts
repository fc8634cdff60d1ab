import { and, desc, eq, lt, not, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { ownPortfolios } from '../own-portfolios.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { webhookColumns } from './internal.ts';
import { webhookSchema } from './schemas.ts';
import { webhooks } from './webhook.sql.ts';

export const listDisabledWebhooks = operation({
  name: 'webhook.disabled',
  kind: 'query',
  summary:
    'List the disabled webhooks of the portfolios that the caller owns, newest first: they get no messages.',
  scope: 'webhook:read',
  public: false,
  input: z.strictObject(pageInput),
  output: pageOf(webhookSchema),
  tenant: 'none',
  async run(ctx, { limit, cursor = newest('webhook') }) {
    const own = await ownPortfolios(ctx);
    const owned = own.filter(({ scopes }) => scopes.includes('webhook:read')).map(({ id }) => id);
    return toPage(await disabledBefore(ctx.db).execute({ owned, cursor, limit: limit + 1 }), limit);
  },
});

const disabledBefore = prepared((db) =>
  db
    .select(webhookColumns)
    .from(webhooks)
    .innerJoin(portfolios, eq(portfolios.id, webhooks.portfolioId))
    .where(
      and(
        sql`${webhooks.portfolioId} = any(${sql.placeholder('owned')})`,
        not(webhooks.enabled),
        lt(webhooks.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(webhooks.id))
    .limit(sql.placeholder('limit'))
    .prepare('webhook_disabled'),
);
