import { z } from 'zod';
import { caseStudyContentSchema, caseStudyRef, contentFieldSchema } from './schemas.ts';

/** The number of a revision; Postgres holds no greater ones. */
export const revisionNumber = z
  .int()
  .min(1)
  .max(2 ** 31 - 1)
  .describe('Number of a revision, from 1.');

/** Which revision of which case study. */
export const revisionRef = { ...caseStudyRef, number: revisionNumber };

const changed = z.array(contentFieldSchema).max(contentFieldSchema.options.length);

/** A revision in a list: without its content. The first has no changes: there was nothing before it. */
export const revisionItemSchema = z
  .object({
    number: revisionNumber,
    author: z.string().describe('Who made it; `unknown` if it is older than the record of that.'),
    createdAt: z.iso.datetime(),
    restoredFrom: revisionNumber.nullable().describe('The number of the revision that it brought back.'),
    changed: changed.describe('The fields in which it differs from the one before.'),
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
    'A unified diff of the lines; null where the texts are too large and too different for one: read both revisions then.',
  );

const changedFields = caseStudyContentSchema.omit({ body: true }).partial();

/** What differs between two revisions. `before` and `after` hold the fields that do, but not the body. */
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
