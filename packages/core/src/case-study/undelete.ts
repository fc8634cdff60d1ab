import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { orSlugTaken } from '../former-slug.ts';
import { operation } from '../operation.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { nextVersion } from '../version.sql.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { lockBinned } from './lock.ts';
import { binnedCaseStudyRef, caseStudySchema } from './schemas.ts';
import { recordPublication } from './status.ts';

export const undeleteCaseStudy = operation({
  name: 'caseStudy.undelete',
  kind: 'mutation',
  summary:
    'Take a case study out of the bin, as it was: a published one is published again. If its slug was given to another study meanwhile, it needs a new one.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  input: z.strictObject({
    ...binnedCaseStudyRef,
    newSlug: slugSchema.optional().describe('Another slug than the one that it had.'),
  }),
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run(ctx, { id, newSlug }, tenant) {
    const { db } = ctx;
    const { binnedSlug, binnedStatus } = await lockBinned({ db }, tenant, id);
    const slug = newSlug ?? binnedSlug!;
    await requireFreeSlug(db, tenant, slug);
    const restored = db
      .update(caseStudies)
      .set({
        slug,
        status: binnedStatus!,
        binnedAt: null,
        binnedStatus: null,
        binnedSlug: null,
        purgeAt: null,
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(caseStudies.id, id));
    // Something else may have been given the slug since.
    await orSlugTaken(restored, slug);
    const study = await fetchCaseStudy({ db }, tenant, slug);
    if (study.status === 'published') await recordPublication(ctx, tenant, 'case-study.published', study);
    return study;
  },
});

async function requireFreeSlug(db: Db, tenant: Tenant, slug: string): Promise<void> {
  const [other] = await db
    .select({ id: caseStudies.id })
    .from(caseStudies)
    .where(and(eq(caseStudies.portfolioId, tenant.id), eq(caseStudies.slug, slug)));
  if (!other) return;
  throw new AppError(
    'conflict',
    `Portfolio "${tenant.slug}" has another case study "${slug}". Give this one another slug as \`newSlug\`.`,
  );
}
