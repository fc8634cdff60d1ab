import { z } from 'zod';
import { idOf } from '../ids.ts';
import { readerOf } from '../stored-json.ts';
import { line, slugSchema, text } from '../text.ts';
import { httpsUrl } from '../url.ts';
import { expectedVersion } from '../version.ts';

/** What the column holds: 68 years. */
const longest = 2 ** 31 - 1;

const fields = {
  title: line(200),
  description: text(2000).describe('Plain text.'),
  sourceUrl: httpsUrl.nullable().describe('Where its bytes are fetched from; null where they are uploaded.'),
  freshForSeconds: z
    .int()
    .min(1)
    .max(longest)
    .nullable()
    .describe('How long after it was last seen unchanged it counts as fresh; null for ever.'),
};

/**
 * `missing` before it has a version, `broken` when it has a problem, `stale` when it was not seen unchanged for longer
 * than it stays fresh, else `fresh`.
 */
export const evidenceStandingSchema = z.enum(['missing', 'broken', 'stale', 'fresh']);
export type EvidenceStanding = z.infer<typeof evidenceStandingSchema>;

/** Why evidence cannot be relied on: its source is gone, or the stored bytes are lost or have another hash. */
const evidenceProblemSchema = z.enum(['source-vanished', 'bytes-lost', 'bytes-differ']);
export type EvidenceProblem = z.infer<typeof evidenceProblemSchema>;

/** What a source gave to recognize its bytes by (RFC 9110, 8.8), and the address that gave it. */
export const validatorsSchema = z.object({
  url: z.string(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
});
export type Validators = z.infer<typeof validatorsSchema>;
export const readValidators = readerOf(validatorsSchema.nullable());

/** Bytes of a download that wait in the bucket, in the order in which they come. */
export const downloadPartSchema = z.object({ key: z.string(), sizeBytes: z.int() });
export type DownloadPart = z.infer<typeof downloadPartSchema>;
export const readParts = readerOf(z.array(downloadPartSchema));

/** A state of the evidence's bytes, numbered from 1. `verifiedAt` is when they were last read and found unharmed. */
export const evidenceVersionSchema = z
  .object({
    number: z.int(),
    sha256: z.string(),
    sizeBytes: z.int(),
    contentType: z.string().describe('By its bytes, whatever the sender said.'),
    fileName: z.string(),
    fetchedFrom: z.string().nullable().describe('The address after redirects; null where it was uploaded.'),
    fetchedAt: z.iso.datetime(),
    verifiedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'EvidenceVersion' });

export type EvidenceVersion = z.infer<typeof evidenceVersionSchema>;

/** What backs claims. `checkedAt` is when its source, or an upload, was last seen as the latest version has it. */
export const evidenceSchema = z
  .object({
    id: idOf('evidence'),
    portfolio: slugSchema,
    slug: slugSchema,
    ...fields,
    sourceUrl: z.url().nullable(),
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

/** Which evidence: slugs of the portfolio and of the evidence. */
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
  ...expectedVersion,
});
