import { eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { rename } from '../former-slug.ts';
import { largestInputBytes, operation } from '../operation.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { caseStudies } from './case-study.sql.ts';
import { changeContent } from './content.ts';
import { lockCaseStudy } from './lock.ts';
import { caseStudyPatch, caseStudySchema } from './schemas.ts';

export const updateCaseStudy = operation({
  name: 'caseStudy.update',
  kind: 'mutation',
  summary: 'Update the given fields of a case study. If any of its content differs, this adds a revision.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  maxInputBytes: largestInputBytes,
  input: caseStudyPatch,
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run(ctx, { portfolio: _, slug, newSlug, expectedVersion, ...changes }, tenant) {
    if (newSlug === undefined || newSlug === slug)
      return changeContent(ctx, tenant, { slug, expectedVersion }, changes);
    await renameCaseStudy(ctx.db, tenant, { slug, expectedVersion }, newSlug);
    return changeContent(ctx, tenant, { slug: newSlug, expectedVersion: '*' }, changes);
  },
});

async function renameCaseStudy(
  db: Db,
  tenant: Tenant,
  { slug: from, expectedVersion }: { slug: string; expectedVersion: number | '*' },
  to: string,
): Promise<void> {
  const { id } = await lockCaseStudy({ db }, tenant, from, expectedVersion);
  await rename(
    db,
    { kind: 'case-study', portfolioId: tenant.id, targetId: id, from, to },
    db
      .update(caseStudies)
      .set({ slug: to, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(caseStudies.id, id)),
  );
}
