import { largestInputBytes, operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { changeContent } from './content.ts';
import { caseStudyPatch, caseStudySchema } from './schemas.ts';

export const updateCaseStudy = operation({
  name: 'caseStudy.update',
  kind: 'mutation',
  summary: 'Update the given fields of a case study. If any differs, this adds a revision.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  maxInputBytes: largestInputBytes,
  input: caseStudyPatch,
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { portfolio: _, slug, expectedVersion, ...changes }, tenant) =>
    changeContent(ctx, tenant, { slug, expectedVersion }, changes),
});
