import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { idOf } from '../ids.ts';
import { readerOf } from '../stored-json.ts';
import { expectedVersion } from '../version.ts';
import { boundedString, line, newSlugInput, slugSchema, storedLine, text } from '../text.ts';
import { artifactsInput, artifactsSchema, claimsInput, claimsSchema } from '../claim/schemas.ts';

const month = boundedString(7).regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'Expected a month such as "2026-11".');

const periodFields = { from: month, to: month.optional() };

const period = z.strictObject(periodFields).refine(({ from, to }) => !to || from <= to, {
  path: ['to'],
  message: 'Expected a month not before "from".',
});

const fields = {
  title: line(200),
  summary: text(500).describe('Plain text.'),
  body: text(2_000_000).describe('Markdown: CommonMark and GFM.'),
  client: line(200).nullable().describe('The client for whom the work was done.'),
  period: period.nullable().describe('First and last month of the work; without `to`, it continues.'),
  tags: z.array(slugSchema).max(20),
  language: boundedString(35)
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'Expected a language tag (BCP 47) such as "en" or "pt-BR".')
    .describe('The language of the text (BCP 47).'),
};

export const caseStudyStatusSchema = z.enum(['draft', 'published', 'archived']);
export type CaseStudyStatus = z.infer<typeof caseStudyStatusSchema>;

/** The content that authors write and revisions store. */
export const caseStudyContentSchema = z
  .object({
    ...fields,
    title: storedLine(200),
    client: storedLine(200).nullable().describe('The client for whom the work was done.'),
    // Not strict: the stored value may have a field that this version does not know.
    period: z
      .object(periodFields)
      .nullable()
      .describe('First and last month of the work; without `to`, it continues.'),
    claims: claimsSchema,
    artifacts: artifactsSchema,
  })
  .meta({ id: 'CaseStudyContent' });
export type CaseStudyContent = z.infer<typeof caseStudyContentSchema>;

export const contentFieldSchema = caseStudyContentSchema.keyof();
export type ContentField = z.infer<typeof contentFieldSchema>;

/** Reads the stored content of a revision; fields that were added later get their default. */
export const readContent = readerOf(caseStudyContentSchema);

/** The names that are fields of the content today; old revisions may have others. */
export const knownFields = (names: string[]) =>
  contentFieldSchema.options.filter((field) => names.includes(field));

/** The fields in which two contents differ. */
export function changedFields(before: CaseStudyContent, after: CaseStudyContent): ContentField[] {
  return contentFieldSchema.options.filter((field) => !isDeepStrictEqual(before[field], after[field]));
}

/**
 * A case study. `version` grows with each change, `revision` with each change of the content. `body` is Markdown.
 * `publishedAt` is the time of the last publication; null for a draft.
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

/** A case study in a list, without its body, claims and artifacts. */
export const caseStudyItemSchema = caseStudySchema
  .omit({ body: true, claims: true, artifacts: true })
  .extend({ claimCount: z.int().min(0) })
  .meta({ id: 'CaseStudyItem' });

/** A deleted case study, with the slug and status that it had. Until `purgeAt` it can be undeleted. */
export const binnedCaseStudySchema = z
  .object({
    id: idOf('caseStudy'),
    portfolio: slugSchema,
    slug: slugSchema,
    title: z.string(),
    status: caseStudyStatusSchema,
    binnedAt: z.iso.datetime(),
    purgeAt: z.iso.datetime().describe('When it is deleted for good, with its revisions and PDFs.'),
  })
  .meta({ id: 'BinnedCaseStudy' });

/** Input fields that identify a case study in the bin, where several may have had the same slug. */
export const binnedCaseStudyRef = { portfolio: slugSchema, id: idOf('caseStudy') };

/** Input fields that identify a case study: the slugs of its portfolio and of the study. */
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
  ...newSlugInput,
  ...expectedVersion,
});

/** Input of an operation that changes a whole study: the study and the expected version. */
export const caseStudyChange = z.strictObject({ ...caseStudyRef, ...expectedVersion });
