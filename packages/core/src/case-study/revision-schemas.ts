import { z } from 'zod';
import { caseStudyContentSchema, caseStudyRef, contentFieldSchema } from './schemas.ts';

/** The number of a revision; the maximum is that of the Postgres type. */
export const revisionNumber = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .describe('The number of a revision, from 1.');

/** Input fields that identify a revision of a case study. */
export const revisionRef = { ...caseStudyRef, number: revisionNumber };

const changed = z.array(contentFieldSchema).max(contentFieldSchema.options.length);

/** A revision in a list, without its content. The first revision has no changes. */
export const revisionItemSchema = z
  .object({
    number: revisionNumber,
    author: z.string().describe('The author; `unknown` for revisions older than the record of authors.'),
    createdAt: z.iso.datetime(),
    restoredFrom: revisionNumber.nullable().describe('The number of the revision that it restored.'),
    changed: changed.describe('The fields that differ from the previous revision.'),
  })
  .meta({ id: 'CaseStudyRevisionItem' });

export const revisionSchema = revisionItemSchema
  .extend({ content: caseStudyContentSchema })
  .meta({ id: 'CaseStudyRevision' });

export type Revision = z.infer<typeof revisionSchema>;

const patch = z
  .string()
  .nullable()
  .describe(
    'A unified diff of the lines. Null if the texts are too large and too different; read both revisions instead.',
  );

const changedFields = caseStudyContentSchema.omit({ body: true }).partial();

/** The differences between two revisions. `before` and `after` contain the fields that differ, except the body. */
export const revisionDiffSchema = z
  .object({
    from: revisionNumber,
    to: revisionNumber,
    changed,
    before: changedFields,
    after: changedFields,
    patches: z.object({ summary: patch.optional(), body: patch.optional() }),
  })
  .meta({ id: 'CaseStudyDiff' });
