import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchMetric } from './internal.ts';
import { metrics } from './metric.sql.ts';
import { metricInput, metricSchema } from './schemas.ts';

export const defineMetric = operation({
  name: 'metric.define',
  kind: 'mutation',
  summary: 'Define a metric, so that samples can be recorded.',
  scope: 'metric:write',
  shows: ['metric:read'],
  public: false,
  input: metricInput,
  output: metricSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, ...input }, tenant) {
    const defined = await db
      .insert(metrics)
      .values({ id: newId('metric'), portfolioId: tenant.id, ...input })
      .onConflictDoNothing()
      .returning({ id: metrics.id });
    if (defined.length === 0) {
      throw new AppError('conflict', `Portfolio "${tenant.slug}" already has a metric "${input.key}".`);
    }
    return fetchMetric({ db }, tenant, input.key);
  },
});
