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
  summary: 'Ask to fetch evidence from its source again: a job that keeps what has changed.',
  scope: 'evidence:write',
  public: false,
  input: z.strictObject({ ...evidenceRef, ...priorityInput }),
  output: jobSchema,
  tenant: tenantBySlug,
  async run(ctx, { slug, priority }, tenant) {
    const { id, title, sourceUrl } = await fetchEvidence(ctx, tenant, slug);
    if (sourceUrl === null) {
      throw new AppError('conflict', `Evidence "${slug}" has no source to fetch: upload its versions.`);
    }
    await ctx.db.update(evidence).set(firstTry).where(eq(evidence.id, id));
    return acceptJob(ctx, tenant, { ...syncJobOf({ id, title }), priority });
  },
});

/** Where the first sync comes to nothing, the scheduler asks again, if it is to be kept fresh at all. */
const firstTry = {
  nextSyncAt: sql`case when ${evidence.freshForSeconds} is not null
    then coalesce(${evidence.nextSyncAt}, now() + interval '15 minutes') end`,
};

/** The job that syncs evidence: one at a time. */
export function syncJobOf({ id, title }: { id: string; title: string }) {
  return {
    kind: 'evidence.sync',
    subject: `“${title}”`,
    groupKey: `evidence:${id}`,
    payload: { evidenceId: id },
  } as const;
}
