import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { acceptJob } from '../job/accept.ts';
import { jobSchema, priorityInput } from '../job/schemas.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { evidence } from './evidence.sql.ts';
import { fetchEvidence } from './internal.ts';
import { evidenceRef } from './schemas.ts';

export const syncEvidence = operation({
  name: 'evidence.sync',
  kind: 'mutation',
  summary: 'Start a job that fetches evidence from its source and stores a new version if it changed.',
  scope: 'evidence:write',
  shows: ['job:read'],
  public: false,
  input: z.strictObject({ ...evidenceRef, ...priorityInput }),
  output: jobSchema,
  tenant: tenantBySlug,
  async run(ctx, { slug, priority }, tenant) {
    const { id, title, sourceUrl } = await fetchEvidence(ctx, tenant, slug);
    if (sourceUrl === null) {
      throw new AppError('conflict', `Evidence "${slug}" has no source. Upload its versions instead.`);
    }
    await ctx.db.update(evidence).set(firstTry).where(eq(evidence.id, id));
    return acceptJob(ctx, tenant, { ...syncJobOf({ id, title }), priority });
  },
});

/** Lets the scheduler retry if the first sync has no result, for evidence that must stay fresh. */
const firstTry = {
  nextSyncAt: sql`case when ${evidence.freshForSeconds} is not null
    then coalesce(${evidence.nextSyncAt}, now() + interval '15 minutes') end`,
};

/** The job that syncs evidence; one at a time per piece of evidence. */
export function syncJobOf({ id, title }: { id: string; title: string }) {
  return {
    kind: 'evidence.sync',
    subject: `“${title}”`,
    groupKey: `evidence:${id}`,
    payload: { evidenceId: id },
  } as const;
}
