import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { changeStatus } from './status.ts';
import { caseStudyChange, caseStudySchema } from './schemas.ts';

export const archiveCaseStudy = operation({
  name: 'caseStudy.archive',
  kind: 'mutation',
  summary: 'Put a case study away: only members read it, and lists leave it out unless asked for it.',
  scope: 'case-study:write',
  public: false,
  input: caseStudyChange,
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { portfolio: _, ...which }, tenant) => changeStatus(ctx, tenant, which, 'archived'),
});
