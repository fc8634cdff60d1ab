import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { expectedVersion } from '../version.ts';
import { changeContent } from './content.ts';
import { fetchRevision } from './internal.ts';
import { withPresentNames } from './present-names.ts';
import { revisionRef } from './revision-schemas.ts';
import { caseStudySchema } from './schemas.ts';

export const restoreRevision = operation({
  name: 'caseStudy.restore',
  kind: 'mutation',
  summary:
    'Restore the content of an earlier revision as a new revision. If nothing differs, nothing changes.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  input: z.strictObject({ ...revisionRef, ...expectedVersion }),
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run(ctx, { slug, number, expectedVersion: expected }, tenant) {
    const { content } = await fetchRevision(ctx, tenant, slug, number);
    const present = await withPresentNames(ctx.db, tenant.id, content);
    return changeContent(ctx, tenant, { slug, expectedVersion: expected }, present, number);
  },
});
