import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchRevision } from './internal.ts';
import { revisionRef, revisionSchema } from './revision-schemas.ts';

export const readRevision = operation({
  name: 'caseStudy.revision',
  kind: 'query',
  summary: 'Read a case study as it was at one of its revisions.',
  scope: 'case-study:read',
  public: false,
  input: z.strictObject(revisionRef),
  output: revisionSchema,
  tenant: tenantBySlug,
  run: (ctx, { slug, number }, tenant) => fetchRevision(ctx, tenant, slug, number),
});
