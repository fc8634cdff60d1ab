import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { changeStatus } from './status.ts';
import { caseStudyChange, caseStudySchema } from './schemas.ts';

export const unpublishCaseStudy = operation({
  name: 'caseStudy.unpublish',
  kind: 'mutation',
  summary: 'Make a published or archived case study a draft again, which only members can read.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  input: caseStudyChange,
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { portfolio: _, ...which }, tenant) => changeStatus(ctx, tenant, which, 'draft'),
});
