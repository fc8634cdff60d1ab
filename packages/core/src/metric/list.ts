import { type SQL, and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { isShown, metricFields } from './internal.ts';
import { metrics } from './metric.sql.ts';
import { metricSchema } from './schemas.ts';

export const listMetrics = operation({
  name: 'metric.list',
  kind: 'query',
  summary: 'List the metrics of a portfolio, newest first; to strangers those that published claims rest on.',
  scope: 'metric:read',
  public: true,
  input: z.strictObject({ portfolio: slugSchema, ...pageInput }),
  output: pageOf(metricSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor = newest('metric') }, tenant) {
    const list = tenant.insider ? listAll : listShown;
    const rows = await list(db).execute({ portfolioId: tenant.id, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const listAll = prepared((db) => listBefore(db).prepare('metric_list'));
const listShown = prepared((db) => listBefore(db, isShown).prepare('metric_list_shown'));

function listBefore(db: Db, only?: SQL) {
  return db
    .select(metricFields)
    .from(metrics)
    .innerJoin(portfolios, eq(portfolios.id, metrics.portfolioId))
    .where(
      and(
        eq(metrics.portfolioId, sql.placeholder('portfolioId')),
        only,
        lt(metrics.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(metrics.id))
    .limit(sql.placeholder('limit'));
}
