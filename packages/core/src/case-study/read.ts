import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchCaseStudy } from './internal.ts';
import { caseStudyRef, caseStudySchema } from './schemas.ts';

export const readCaseStudy = operation({
  name: 'caseStudy.read',
  kind: 'query',
  summary: 'Read a case study.',
  scope: 'case-study:read',
  public: true,
  input: z.strictObject(caseStudyRef),
  output: caseStudySchema,
  tenant: tenantBySlug,
  run: (ctx, { slug }, tenant) => fetchCaseStudy(ctx, tenant, slug),
});
