import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { changeStatus } from './status.ts';
import { caseStudyChange, caseStudySchema } from './schemas.ts';

export const publishCaseStudy = operation({
  name: 'caseStudy.publish',
  kind: 'mutation',
  summary:
    'Publish a case study for everybody to read; a published one stays as it is, an archived one has to become a draft first.',
  scope: 'case-study:write',
  public: false,
  input: caseStudyChange,
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { portfolio: _, ...which }, tenant) => changeStatus(ctx, tenant, which, 'published'),
});
