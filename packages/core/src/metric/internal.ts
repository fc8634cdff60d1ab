import { and, eq, sql } from 'drizzle-orm';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { claims } from '../claim/claim.sql.ts';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { movedOr } from '../former-slug.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, jsonObject, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { isPublished, isVisible, preparedFor } from '../visibility.ts';
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

const byKey = preparedFor('metric_by_key', isVisible.metric, (db, visible) =>
  db
    .select({ json: jsonObject<Metric>(metricFields) })
    .from(metrics)
    .innerJoin(portfolios, eq(portfolios.id, metrics.portfolioId))
    .where(
      and(
        eq(metrics.portfolioId, sql.placeholder('portfolioId')),
        eq(metrics.key, sql.placeholder('key')),
        visible,
      ),
    ),
);

/** The metric of the tenant. Throws `not_found` if it does not exist or the actor may not see it. */
export async function fetchMetric({ db }: Pick<Ctx, 'db'>, tenant: Tenant, key: string): Promise<Metric> {
  const [row] = await byKey(db, tenant).execute({ portfolioId: tenant.id, key });
  if (!row) throw await missingMetric(db, tenant, key);
  return row.json;
}

export function metricNotFound(tenant: Tenant, key: string): AppError {
  return new AppError('not_found', `There is no metric "${key}" in portfolio "${tenant.slug}".`);
}

const presentMetric = preparedFor('metric_present', isVisible.metric, (db, visible) =>
  db
    .select({ slug: metrics.key })
    .from(metrics)
    .where(
      and(
        eq(metrics.portfolioId, sql.placeholder('portfolioId')),
        eq(metrics.id, sql.placeholder('id')),
        visible,
      ),
    ),
);

/** The error for a key that nothing has: `moved` where something had it that the caller may see. */
export function missingMetric(db: Db, tenant: Tenant, key: string): Promise<AppError> {
  const portfolioId = tenant.id;
  return movedOr(
    db,
    { kind: 'metric', portfolioId, slug: key, what: 'metric', field: 'key' },
    (id) => presentMetric(db, tenant).execute({ portfolioId, id }),
    metricNotFound(tenant, key),
  );
}

const claimedSpan = prepared((db) =>
  db
    .select({
      span: sql<string | null>`range_agg(tstzrange(${claims.metricFrom}, ${claims.metricTo}))::text`,
    })
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .where(and(eq(claims.metricId, sql.placeholder('id')), isPublished))
    .prepare('metric_claimed_span'),
);

/**
 * The time ranges whose samples the actor may see, as a Postgres multirange: all for members, the ranges of claims in
 * published studies for anonymous readers.
 */
export async function visibleSpan(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  metric: { id: string },
): Promise<string> {
  if (tenant.isMember) return '{(,)}';
  const [row] = await claimedSpan(db).execute({ id: metric.id });
  return row?.span ?? '{}';
}

/**
 * The database to query for samples: the replica for members, the writer for anonymous readers. Their answers are
 * cached until a change is announced, and a lagging replica could leave an outdated answer in the cache.
 */
export const samplesDb = ({ db, reader }: Pick<Ctx, 'db' | 'reader'>, tenant: Tenant) =>
  tenant.isMember ? reader : db;
