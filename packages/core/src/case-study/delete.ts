import { and, eq, inArray, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { jobs } from '../job/job.sql.ts';
import { jobsChanged } from '../job/jobs-changed.ts';
import { transitions } from '../job/transitions.ts';
import { operation } from '../operation.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { caseStudies } from './case-study.sql.ts';
import { exportGroup } from './export.ts';
import { fetchCaseStudy } from './internal.ts';
import { lockCaseStudy } from './lock.ts';
import { caseStudyChange } from './schemas.ts';
import { recordPublication } from './status.ts';

export const deleteCaseStudy = operation({
  name: 'caseStudy.delete',
  kind: 'mutation',
  summary:
    "Put a case study into the bin, from where it can be undeleted for the portfolio's `binDays`. Its slug can be used again.",
  scope: 'case-study:write',
  public: false,
  input: caseStudyChange,
  output: z.null(),
  tenant: tenantBySlug,
  async run(ctx, { slug, expectedVersion }, tenant) {
    const { db } = ctx;
    const { id, status } = await lockCaseStudy({ db }, tenant, slug, expectedVersion);
    if (status === 'published') {
      const study = await fetchCaseStudy({ db }, tenant, slug);
      await recordPublication(ctx, tenant, 'case-study.unpublished', study);
    }
    await db
      .update(caseStudies)
      .set({
        status: 'draft',
        slug: slugInBin(id),
        binnedStatus: status,
        binnedSlug: slug,
        binnedAt: sql`now()`,
        purgeAt: sql`now() + make_interval(days => (
          select ${portfolios.binDays} from ${portfolios} where ${portfolios.id} = ${tenant.id}))`,
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(caseStudies.id, id));
    await cancelExports(ctx, tenant, id);
    return null;
  },
});

/** A slug that no other study has, so that its own can be used again. */
const slugInBin = (id: string) => `bin-${id.slice(id.indexOf('_') + 1)}`;

async function cancelExports(ctx: Ctx, tenant: Tenant, caseStudyId: string): Promise<void> {
  const unfinished = await ctx.db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(eq(jobs.groupKey, exportGroup(caseStudyId)), inArray(jobs.state, ['queued', 'running'])))
    .orderBy(jobs.id);
  for (const { id } of unfinished) {
    const changed = await transitions.cancel(ctx.db, id);
    if (!changed) continue;
    const { kind } = changed;
    jobsChanged(ctx, [{ jobId: id, portfolioId: tenant.id, kind, cancels: true }]);
  }
}
