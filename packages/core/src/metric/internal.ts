import { type SQL, and, eq, sql } from 'drizzle-orm';
import { caseStudies, claims } from '../case-study/case-study.sql.ts';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, jsonObject, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { metrics } from './metric.sql.ts';
import type { Metric } from './schemas.ts';

/** The public fields of a metric. */
export const metricFields = {
  id: metrics.id,
  portfolio: portfolios.slug,
  key: metrics.key,
  name: metrics.name,
  unit: metrics.unit,
  betterWhen: metrics.betterWhen,
  description: metrics.description,
  version: metrics.version,
  createdAt: iso(metrics.createdAt),
  updatedAt: iso(metrics.updatedAt),
};

/** True where a claim of a published study rests on the metric: strangers know of it. */
export const isShown: SQL<boolean> = sql<boolean>`exists (
  select 1 from ${claims} join ${caseStudies} on ${caseStudies.id} = ${claims.caseStudyId}
  where ${claims.metricId} = ${metrics.id} and ${caseStudies.status} = 'published')`;

const byKey = prepared((db) =>
  db
    .select({ json: jsonObject<Metric>(metricFields), isShown })
    .from(metrics)
    .innerJoin(portfolios, eq(portfolios.id, metrics.portfolioId))
    .where(
      and(eq(metrics.portfolioId, sql.placeholder('portfolioId')), eq(metrics.key, sql.placeholder('key'))),
    )
    .prepare('metric_by_key'),
);

/** The metric of the tenant, or `not_found`; to a stranger one that no published study shows does not exist. */
export async function fetchMetric({ db }: Pick<Ctx, 'db'>, tenant: Tenant, key: string): Promise<Metric> {
  const [row] = await byKey(db).execute({ portfolioId: tenant.id, key });
  if (!row || (!tenant.insider && !row.isShown)) throw noMetric(tenant, key);
  return row.json;
}

export function noMetric(tenant: Tenant, key: string): AppError {
  return new AppError('not_found', `There is no metric "${key}" in portfolio "${tenant.slug}".`);
}

const claimedSpan = prepared((db) =>
  db
    .select({
      span: sql<string | null>`range_agg(tstzrange(${claims.metricFrom}, ${claims.metricTo}))::text`,
    })
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .where(and(eq(claims.metricId, sql.placeholder('id')), eq(caseStudies.status, 'published')))
    .prepare('metric_claimed_span'),
);

/**
 * When the samples are whose values the actor may see, as a Postgres multirange: all for members; for strangers the
 * ranges that claims of published studies rest on, since nothing else of a metric was ever published.
 */
export async function visibleSpan(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  metric: { id: string },
): Promise<string> {
  if (tenant.insider) return '{(,)}';
  const [row] = await claimedSpan(db).execute({ id: metric.id });
  return row?.span ?? '{}';
}

/**
 * Where the samples that an answer sums up are read. A stranger's answer is remembered until a change is told, and a
 * reader that lags would have it remember what was before: it is made from the writer, and seldom.
 */
export const samplesDb = ({ db, reader }: Pick<Ctx, 'db' | 'reader'>, tenant: Tenant) =>
  tenant.insider ? reader : db;
