import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { diffLines } from './diff-lines.ts';
import { fetchRevision } from './internal.ts';
import { revisionDiffSchema, revisionNumber } from './revision-schemas.ts';
import { type CaseStudyContent, type ContentField, caseStudyRef, changedFields } from './schemas.ts';

export const diffRevisions = operation({
  name: 'caseStudy.diff',
  kind: 'query',
  summary: 'Compare two revisions of a case study, field by field and line by line.',
  scope: 'case-study:read',
  public: false,
  input: z.strictObject({
    ...caseStudyRef,
    from: revisionNumber.describe('The number of the first revision.'),
    to: revisionNumber.describe('The number of the second revision.'),
  }),
  output: revisionDiffSchema,
  tenant: tenantBySlug,
  async run(ctx, { slug, from, to }, tenant) {
    const before = (await fetchRevision(ctx, tenant, slug, from)).content;
    const after = (await fetchRevision(ctx, tenant, slug, to)).content;
    const changed = changedFields(before, after);
    const texts = (['summary', 'body'] as const).filter((field) => changed.includes(field));
    const patches: Record<string, string | null> = {};
    for (const field of texts) patches[field] = await diffLines(before[field], after[field]);
    return {
      from,
      to,
      changed,
      before: pick(before, changed),
      after: pick(after, changed),
      patches,
    };
  },
});

function pick({ body: _, ...content }: CaseStudyContent, fields: ContentField[]): Partial<typeof content> {
  return Object.fromEntries(
    Object.entries(content).filter(([field]) => fields.includes(field as ContentField)),
  );
}
