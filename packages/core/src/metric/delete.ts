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

/** The maximum number of case studies that an error lists. */
const maxListed = 10;

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
    await db.delete(metrics).where(eq(metrics.id, found.id));
    return null;
  },
});

async function requireUnused(db: Db, metricId: string, key: string) {
  const studies = await db
    .selectDistinct({ slug: caseStudies.slug })
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .where(eq(claims.metricId, metricId))
    .orderBy(asc(caseStudies.slug))
    .limit(maxListed + 1);
  if (studies.length === 0) return;
  const listed = studies.slice(0, maxListed).map(({ slug }) => `"${slug}"`);
  const more = studies.length > maxListed ? ' and others' : '';
  throw new AppError(
    'conflict',
    `Metric "${key}" is used by claims of the case studies ${listed.join(', ')}${more}. Remove it from them first.`,
  );
}
