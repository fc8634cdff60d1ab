import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { changeStatus } from './status.ts';
import { caseStudyChange, caseStudySchema } from './schemas.ts';

export const archiveCaseStudy = operation({
  name: 'caseStudy.archive',
  kind: 'mutation',
  summary: 'Archive a case study. Only members can read it, and lists omit it unless `status` selects it.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  input: caseStudyChange,
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { portfolio: _, ...which }, tenant) => changeStatus(ctx, tenant, which, 'archived'),
});
