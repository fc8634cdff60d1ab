import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { idOf } from '../ids.ts';
import { readerOf } from '../stored-json.ts';
import { expectedVersion } from '../version.ts';
import { line, slugSchema, text } from '../text.ts';
import { artifactsInput, artifactsSchema, claimsInput, claimsSchema } from '../claim/schemas.ts';

const month = z
  .string()
  .max(7)
  .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'Expected a month such as "2026-11".');

const periodFields = { from: month, to: month.optional() };

const period = z.strictObject(periodFields).refine(({ from, to }) => !to || from <= to, {
  path: ['to'],
  message: 'Expected a month not before "from".',
});

const fields = {
  title: line(200),
  summary: text(500).describe('Plain text.'),
  body: text(2_000_000).describe('Markdown: CommonMark and GFM.'),
  client: line(200).nullable().describe('For whom the work was done.'),
  period: period.nullable().describe('Months of the work; without `to` it goes on.'),
  tags: z.array(slugSchema).max(20),
  language: z
    .string()
    .max(35)
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'Expected a language tag (BCP 47) such as "en" or "pt-BR".')
    .describe('Language of the text (BCP 47).'),
};

export const caseStudyStatusSchema = z.enum(['draft', 'published', 'archived']);
export type CaseStudyStatus = z.infer<typeof caseStudyStatusSchema>;

/** What authors write, and revisions keep. */
export const caseStudyContentSchema = z
  .object({
    ...fields,
    // The database may have a field in it that this version does not know.
    period: z.object(periodFields).nullable().describe('Months of the work; without `to` it goes on.'),
    claims: claimsSchema,
    artifacts: artifactsSchema,
  })
  .meta({ id: 'CaseStudyContent' });
export type CaseStudyContent = z.infer<typeof caseStudyContentSchema>;

export const contentFieldSchema = caseStudyContentSchema.keyof();
export type ContentField = z.infer<typeof contentFieldSchema>;

/** The content of a revision as the database has it: a field that came later is its default. */
export const readContent = readerOf(caseStudyContentSchema);

/** Those of some fields that contents have today; revisions may tell of others. */
export const knownFields = (names: string[]) =>
  contentFieldSchema.options.filter((field) => names.includes(field));

/** The fields in which two contents differ. */
export function changedFields(before: CaseStudyContent, after: CaseStudyContent): ContentField[] {
  return contentFieldSchema.options.filter((field) => !isDeepStrictEqual(before[field], after[field]));
}

/**
 * A case study. `version` grows with each change, `revision` with each change of what its authors write; `body` is
 * Markdown. `publishedAt` is when it was last published; null for a draft.
 */
export const caseStudySchema = z
  .object({
    id: idOf('caseStudy'),
    portfolio: slugSchema,
    slug: slugSchema,
    ...caseStudyContentSchema.shape,
    status: caseStudyStatusSchema,
    revision: z.int().min(1),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    publishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'CaseStudy' });

export type CaseStudy = z.infer<typeof caseStudySchema>;

/** A case study in a list: without its body, its claims and its artifacts. */
export const caseStudyItemSchema = caseStudySchema
  .omit({ body: true, claims: true, artifacts: true })
  .extend({ claimCount: z.int().min(0) })
  .meta({ id: 'CaseStudyItem' });

/** Which case study: slugs of the portfolio and of the study. */
export const caseStudyRef = { portfolio: slugSchema, slug: slugSchema };

export const caseStudyInput = z.strictObject({
  ...caseStudyRef,
  title: fields.title,
  summary: fields.summary.default(''),
  body: fields.body.default(''),
  client: fields.client.default(null),
  period: fields.period.default(null),
  tags: fields.tags.default([]),
  language: fields.language.default('en'),
  claims: claimsInput.default([]),
  artifacts: artifactsInput.default([]),
});

export const caseStudyPatch = z.strictObject({
  ...caseStudyRef,
  ...z.object({ ...fields, claims: claimsInput, artifacts: artifactsInput }).partial().shape,
  ...expectedVersion,
});

/** Input of what is done to a whole study: which one, and the version that it is done to. */
export const caseStudyChange = z.strictObject({ ...caseStudyRef, ...expectedVersion });
