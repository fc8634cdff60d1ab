import { asc, eq } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { claims } from '../claim/claim.sql.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { expectedVersion, requireVersion } from '../version.ts';
import { lockMetric } from './lock.ts';
import { metrics } from './metric.sql.ts';
import { metricRef } from './schemas.ts';

/** How many case studies a refusal names. */
const maxNamed = 10;

export const deleteMetric = operation({
  name: 'metric.delete',
  kind: 'mutation',
  summary: 'Delete a metric and its samples; refused while claims rest on it.',
  scope: 'metric:write',
  public: false,
  input: z.strictObject({ ...metricRef, ...expectedVersion }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { key, expectedVersion: expected }, tenant) {
    const found = await lockMetric({ db }, tenant, key, 'update');
    requireVersion(found, expected);
    // No claim can begin to rest on it now: that takes a lock on the metric, too.
    await refuseIfClaimed(db, found.id, key);
    await db.delete(metrics).where(eq(metrics.id, found.id));
    return null;
  },
});

async function refuseIfClaimed(db: Db, metricId: string, key: string) {
  const studies = await db
    .selectDistinct({ slug: caseStudies.slug })
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .where(eq(claims.metricId, metricId))
    .orderBy(asc(caseStudies.slug))
    .limit(maxNamed + 1);
  if (studies.length === 0) return;
  const named = studies.slice(0, maxNamed).map(({ slug }) => `"${slug}"`);
  const more = studies.length > maxNamed ? ' and others' : '';
  throw new AppError(
    'conflict',
    `Claims of these case studies rest on the metric "${key}": ${named.join(', ')}${more}. Take it out of them first.`,
  );
}
