import { eq, sql } from 'drizzle-orm';
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
  async run({ db }, { portfolio: _, key, expectedVersion, ...changes }, tenant) {
    const found = await lockMetric({ db }, tenant, key, 'update');
    requireVersion(found, expectedVersion);
    // An update without fields changes nothing, not even the version.
    if (Object.keys(changes).length === 0) return fetchMetric({ db }, tenant, key);
    await db
      .update(metrics)
      .set({ ...changes, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(metrics.id, found.id));
    return fetchMetric({ db }, tenant, key);
  },
});
