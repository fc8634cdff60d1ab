import { eq, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Tenant } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { recordWebhookEvent } from '../webhook/record.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { lockCaseStudy } from './lock.ts';
import type { CaseStudy, CaseStudyStatus } from './schemas.ts';

/** The new `publishedAt` for each status; archiving keeps it. */
const publishedAt = { draft: null, published: sql`now()`, archived: caseStudies.publishedAt };

/**
 * Changes the status of a study; the same status again changes nothing. Every transition is allowed except from
 * archived to published, which throws `conflict`: an archived study must be a draft first.
 */
export async function changeStatus(
  ctx: Pick<Ctx, 'db' | 'origin'>,
  tenant: Tenant,
  { slug, expectedVersion }: { slug: string; expectedVersion: number | '*' },
  to: CaseStudyStatus,
): Promise<CaseStudy> {
  const { db } = ctx;
  const { id, status: from } = await lockCaseStudy({ db }, tenant, slug, expectedVersion);
  if (from === to) return fetchCaseStudy({ db }, tenant, slug);
  if (from === 'archived' && to === 'published') {
    throw new AppError(
      'conflict',
      `Case study "${slug}" is archived. First unpublish it, which makes it a draft.`,
    );
  }
  await db
    .update(caseStudies)
    .set({
      status: to,
      publishedAt: sql`${publishedAt[to]}`,
      updatedAt: sql`now()`,
      version: nextVersion,
    })
    .where(eq(caseStudies.id, id));
  const study = await fetchCaseStudy({ db }, tenant, slug);
  if (to === 'published') await recordPublication(ctx, tenant, 'case-study.published', study);
  if (from === 'published') await recordPublication(ctx, tenant, 'case-study.unpublished', study);
  return study;
}

/** Records the webhook event of a study that was published or unpublished. */
export async function recordPublication(
  { db, origin }: Pick<Ctx, 'db' | 'origin'>,
  tenant: Tenant,
  type: 'case-study.published' | 'case-study.unpublished',
  { id, portfolio, slug, title, version }: CaseStudy,
): Promise<void> {
  const data = { id, portfolioId: tenant.id, portfolio, slug, title, version };
  await recordWebhookEvent(db, { portfolioId: tenant.id, type, data }, origin?.traceparent);
}
