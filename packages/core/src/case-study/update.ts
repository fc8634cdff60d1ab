import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { changeContent } from './content.ts';
import { caseStudyPatch, caseStudySchema } from './schemas.ts';

export const updateCaseStudy = operation({
  name: 'caseStudy.update',
  kind: 'mutation',
  summary: 'Change the given fields of a case study; where any differs, that is a new revision.',
  scope: 'case-study:write',
  public: false,
  input: caseStudyPatch,
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { portfolio: _, slug, expectedVersion, ...changes }, tenant) =>
    changeContent(ctx, tenant, { slug, expectedVersion }, changes),
});
