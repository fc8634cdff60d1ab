import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { claims } from '../claim/claim.sql.ts';
import type { Db } from '../context.ts';
import { forgetFormer } from '../former-slug.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { inUse, usingStudy, usingStudyLimit } from '../using-studies.ts';
import { expectedVersion, requireVersion } from '../version.ts';
import { lockMetric } from './lock.ts';
import { metrics } from './metric.sql.ts';
import { metricRef } from './schemas.ts';

export const deleteMetric = operation({
  name: 'metric.delete',
  kind: 'mutation',
  summary: 'Delete a metric and its samples. Fails while a claim uses it.',
  scope: 'metric:write',
  public: false,
  input: z.strictObject({ ...metricRef, ...expectedVersion }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { key, expectedVersion: expected }, tenant) {
    const found = await lockMetric({ db }, tenant, key, 'update');
    requireVersion(found, expected);
    // From here, no claim can start to use it, because that needs a lock on the metric as well.
    await requireUnused(db, found.id, key);
    await forgetFormer(db, 'metric', found.id);
    await db.delete(metrics).where(eq(metrics.id, found.id));
    return null;
  },
});

async function requireUnused(db: Db, metricId: string, key: string) {
  const studies = await db
    .selectDistinct(usingStudy)
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .where(eq(claims.metricId, metricId))
    .orderBy(asc(usingStudy.slug))
    .limit(usingStudyLimit);
  if (studies.length > 0)
    throw inUse(`Metric "${key}" is used by claims of`, studies, 'Remove it from them first.');
}
