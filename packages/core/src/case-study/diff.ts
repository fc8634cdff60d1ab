import { OMIT_HEADERS, formatPatch, structuredPatch } from 'diff';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
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
    return {
      from,
      to,
      changed,
      before: pick(before, changed),
      after: pick(after, changed),
      patches: Object.fromEntries(texts.map((field) => [field, diffLines(before[field], after[field])])),
    };
  },
});

function pick({ body: _, ...content }: CaseStudyContent, fields: ContentField[]): Partial<typeof content> {
  return Object.fromEntries(
    Object.entries(content).filter(([field]) => fields.includes(field as ContentField)),
  );
}

/** Above these limits, a comparison would block all other requests. */
const maxLines = 100_000;
const maxMilliseconds = 100;

function diffLines(before: string, after: string): string | null {
  if (countLines(before) + countLines(after) > maxLines) return null;
  const options = { context: 3, timeout: maxMilliseconds };
  const patch = structuredPatch('before', 'after', before, after, undefined, undefined, options);
  return patch ? formatPatch(patch, OMIT_HEADERS) : null;
}

function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
