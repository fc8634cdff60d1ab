import { z } from 'zod';
import { idOf } from '../ids.ts';
import { readerOf } from '../stored-json.ts';
import { line, newSlugInput, slugSchema, storedLine, text } from '../text.ts';
import { httpsUrl } from '../url.ts';
import { expectedVersion } from '../version.ts';

/** The maximum of the column: 68 years. */
const longest = 2 ** 31 - 1;

const fields = {
  title: line(200),
  description: text(2000).describe('Plain text.'),
  sourceUrl: httpsUrl.nullable().describe('The URL of the source; null for uploaded evidence.'),
  freshForSeconds: z
    .int()
    .min(1)
    .max(longest)
    .nullable()
    .describe('How long it stays fresh after a successful check; null for always.'),
};

/**
 * `missing`: it has no version yet. `broken`: it has a problem. `stale`: the last successful check is longer ago than
 * `freshForSeconds`. Otherwise `fresh`.
 */
export const evidenceStandingSchema = z.enum(['missing', 'broken', 'stale', 'fresh']);
export type EvidenceStanding = z.infer<typeof evidenceStandingSchema>;

/** Why evidence is not reliable: its source is gone, or the stored bytes are lost or have another hash. */
const evidenceProblemSchema = z.enum(['source-vanished', 'bytes-lost', 'bytes-differ']);
export type EvidenceProblem = z.infer<typeof evidenceProblemSchema>;

/** The HTTP validators that a source sent (RFC 9110, 8.8), and the URL that sent them. */
export const validatorsSchema = z.object({
  url: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});
export type Validators = z.infer<typeof validatorsSchema>;
export const readValidators = readerOf(validatorsSchema.nullable());

/** A part of a download in the bucket. */
export const downloadPartSchema = z.object({ key: z.string(), sizeBytes: z.int() });
export type DownloadPart = z.infer<typeof downloadPartSchema>;
export const readParts = readerOf(z.array(downloadPartSchema));

const evidenceOriginSchema = z.enum(['upload', 'source']);
export type EvidenceOrigin = z.infer<typeof evidenceOriginSchema>;

/** A version of the evidence's bytes, numbered from 1. `verifiedAt` is when the stored bytes were last verified. */
export const evidenceVersionSchema = z
  .object({
    number: z.int(),
    sha256: z.string(),
    sizeBytes: z.int(),
    contentType: z.string().describe('Detected from the bytes, not declared by the sender.'),
    fileName: z.string(),
    origin: evidenceOriginSchema.describe('Whether it was uploaded, or fetched from the source.'),
    fetchedFrom: z
      .string()
      .nullable()
      .describe('The URL after redirects, for members; null for others, and if it was uploaded.'),
    fetchedAt: z.iso.datetime(),
    verifiedAt: z.iso.datetime().nullable(),
    deletedAt: z.iso.datetime().nullable().describe('When the bytes were deleted; null while they exist.'),
  })
  .meta({ id: 'EvidenceVersion' });

export type EvidenceVersion = z.infer<typeof evidenceVersionSchema>;

/** Evidence of claims. `checkedAt` is the last time when the source or an upload matched the latest version. */
export const evidenceSchema = z
  .object({
    id: idOf('evidence'),
    portfolio: slugSchema,
    slug: slugSchema,
    ...fields,
    title: storedLine(200),
    sourceUrl: z
      .url()
      .nullable()
      .describe('The URL of the source; without query and fragment for those who are no members.'),
    standing: evidenceStandingSchema,
    problem: evidenceProblemSchema.nullable(),
    checkedAt: z.iso.datetime().nullable(),
    latest: evidenceVersionSchema.nullable(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Evidence' });

export type Evidence = z.infer<typeof evidenceSchema>;

/** Input fields that identify evidence: the slugs of its portfolio and of the evidence. */
export const evidenceRef = { portfolio: slugSchema, slug: slugSchema };

export const evidenceInput = z.strictObject({
  ...evidenceRef,
  title: fields.title,
  description: fields.description.default(''),
  sourceUrl: fields.sourceUrl.default(null),
  freshForSeconds: fields.freshForSeconds.default(null),
});

export const evidencePatch = z.strictObject({
  ...evidenceRef,
  ...z.object(fields).partial().shape,
  ...newSlugInput,
  ...expectedVersion,
});
