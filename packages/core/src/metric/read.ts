import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchMetric } from './internal.ts';
import { metricRef, metricSchema } from './schemas.ts';

export const readMetric = operation({
  name: 'metric.read',
  kind: 'query',
  summary: 'Read the definition of a metric.',
  scope: 'metric:read',
  public: true,
  input: z.strictObject(metricRef),
  output: metricSchema,
  tenant: tenantBySlug,
  run: (ctx, { key }, tenant) => fetchMetric(ctx, tenant, key),
});
