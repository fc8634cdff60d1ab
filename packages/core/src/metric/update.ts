import { eq, sql } from 'drizzle-orm';
import { rename } from '../former-slug.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { requireVersion } from '../version.ts';
import { fetchMetric } from './internal.ts';
import { lockMetric } from './lock.ts';
import { metrics } from './metric.sql.ts';
import { metricPatch, metricSchema } from './schemas.ts';

export const updateMetric = operation({
  name: 'metric.update',
  kind: 'mutation',
  summary: 'Update the given fields of a metric. Its samples do not change.',
  scope: 'metric:write',
  shows: ['metric:read'],
  public: false,
  input: metricPatch,
  output: metricSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, key: from, newKey: key = from, expectedVersion, ...changes }, tenant) {
    const found = await lockMetric({ db }, tenant, from, 'update');
    const isRenamed = key !== from;
    requireVersion(found, expectedVersion);
    // An update without fields changes nothing, not even the version.
    if (Object.keys(changes).length === 0 && !isRenamed) return fetchMetric({ db }, tenant, key);
    const change = db
      .update(metrics)
      .set({ ...changes, key, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(metrics.id, found.id));
    const renamed = { kind: 'metric', portfolioId: tenant.id, targetId: found.id, from, to: key } as const;
    await (isRenamed ? rename(db, renamed, change) : change);
    return fetchMetric({ db }, tenant, key);
  },
});
