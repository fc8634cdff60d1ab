import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { lockMetric } from './lock.ts';
import { metricSamples } from './metric.sql.ts';
import { checkRange, metricRef, rangeInput } from './schemas.ts';

export const deleteSamples = operation({
  name: 'metric.deleteSamples',
  kind: 'mutation',
  summary: 'Delete the samples in a time range.',
  scope: 'metric:write',
  public: false,
  input: z.strictObject({ ...metricRef, ...rangeInput }).superRefine(checkRange),
  output: z.object({ deleted: z.int() }).meta({ id: 'DeletedSamples' }),
  tenant: tenantBySlug,
  async run({ db, noteDetails }, { key, from, to }, tenant) {
    const { id } = await lockMetric({ db }, tenant, key, 'update');
    const { at } = metricSamples;
    const { count } = await db
      .delete(metricSamples)
      .where(and(eq(metricSamples.metricId, id), sql`${at} >= ${from} and ${at} < ${to}`));
    noteDetails({ count, filter: { from, to } });
    return { deleted: count };
  },
});
