import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { slugSchema } from '../text.ts';
import { metricFields } from './internal.ts';
import { metrics } from './metric.sql.ts';
import { metricSchema } from './schemas.ts';

export const listMetrics = operation({
  name: 'metric.list',
  kind: 'query',
  summary:
    'List the metrics of a portfolio, newest first. Anonymous readers see metrics of published claims only.',
  scope: 'metric:read',
  public: true,
  input: z.strictObject({ portfolio: slugSchema, ...pageInput }),
  output: pageOf(metricSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor = newest('metric') }, tenant) {
    const rows = await page(db, tenant).execute({ portfolioId: tenant.id, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const page = preparedFor('metric_list', isVisible.metric, (db, visible) =>
  db
    .select(metricFields)
    .from(metrics)
    .innerJoin(portfolios, eq(portfolios.id, metrics.portfolioId))
    .where(
      and(
        eq(metrics.portfolioId, sql.placeholder('portfolioId')),
        visible,
        lt(metrics.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(metrics.id))
    .limit(sql.placeholder('limit')),
);
