import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { changeStatus } from './status.ts';
import { caseStudyChange, caseStudySchema } from './schemas.ts';

export const publishCaseStudy = operation({
  name: 'caseStudy.publish',
  kind: 'mutation',
  summary: 'Publish a case study, so that everyone can read it. An archived one must be unpublished first.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  input: caseStudyChange,
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { portfolio: _, ...which }, tenant) => changeStatus(ctx, tenant, which, 'published'),
});
