import { z } from 'zod';
import type { Ctx } from '../context.ts';
import { acceptJob } from '../job/accept.ts';
import { fileShows } from '../job/kinds.ts';
import type { JobPriority } from '../job/priority.ts';
import { jobSchema, priorityInput } from '../job/schemas.ts';
import { operation } from '../operation.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { fetchCaseStudy } from './internal.ts';
import { caseStudyRef } from './schemas.ts';

/** The group of a study's exports, which run one at a time. */
export const exportGroup = (caseStudyId: string) => `export:${caseStudyId}`;

export const exportCaseStudy = operation({
  name: 'caseStudy.export',
  kind: 'mutation',
  summary: 'Start a job that renders a PDF of a case study and stores it.',
  scope: 'job:write',
  shows: [...fileShows('export.pdf'), 'job:read'],
  public: false,
  input: z.strictObject({ ...caseStudyRef, ...priorityInput }),
  output: jobSchema,
  tenant: tenantBySlug,
  async run(ctx, { slug, priority }, tenant) {
    return acceptExport(ctx, tenant, await fetchCaseStudy(ctx, tenant, slug), priority);
  },
});

/** Accepts a job that renders a PDF of a case study. */
export function acceptExport(
  ctx: Ctx,
  tenant: Tenant,
  { id, title }: { id: string; title: string },
  priority?: JobPriority,
) {
  return acceptJob(ctx, tenant, {
    kind: 'export.pdf',
    priority,
    subject: `“${title}”`,
    groupKey: exportGroup(id),
    payload: { caseStudyId: id },
  });
}
