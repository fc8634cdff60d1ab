import { z } from 'zod';
import { idOf } from '../ids.ts';
import { boundedString, line, newSlugInput, slugSchema, storedLine, text } from '../text.ts';
import { httpsUrl } from '../url.ts';
import { expectedVersion } from '../version.ts';

export const artifactKindSchema = z.enum(['module', 'pipeline', 'script', 'runbook', 'policy', 'dashboard']);
export type ArtifactKind = z.infer<typeof artifactKindSchema>;

const licence = boundedString(100).regex(
  /^[A-Za-z0-9][A-Za-z0-9.+-]*( (AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+-]*)*$/,
  'Expected an SPDX identifier such as "Apache-2.0" or "MIT OR Apache-2.0".',
);

const fields = {
  kind: artifactKindSchema,
  title: line(200),
  description: text(2000).describe('Plain text.'),
  licence: licence.nullable().describe('SPDX identifier.'),
  repositoryUrl: httpsUrl.nullable(),
};

export const versionNameSchema = boundedString(60).regex(
  /^[A-Za-z0-9][\w.+-]*$/,
  'Expected a name such as "1.4.0", of letters, digits, ".", "+", "-" and "_".',
);

const artifactFileSchema = z.object({
  fileName: z.string(),
  contentType: z.string().describe('Detected from the bytes, not declared by the sender.'),
  sizeBytes: z.int(),
  sha256: z.string(),
});

/** A release of an artifact: either a file, or a link into its repository. */
export const artifactVersionSchema = z
  .object({
    name: z.string(),
    notes: z.string(),
    referenceUrl: z.url().nullable(),
    file: artifactFileSchema.nullable(),
    deletedAt: z.iso.datetime().nullable().describe('When the file was deleted; null while it exists.'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'ArtifactVersion' });

export type ArtifactVersion = z.infer<typeof artifactVersionSchema>;

/** A piece of automation, with its five newest versions. */
export const artifactSchema = z
  .object({
    id: idOf('artifact'),
    portfolio: slugSchema,
    slug: slugSchema,
    ...fields,
    title: storedLine(200),
    repositoryUrl: z.url().nullable(),
    latestVersions: z.array(artifactVersionSchema).max(5),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Artifact' });

export type Artifact = z.infer<typeof artifactSchema>;

/** Input fields that identify an artifact: the slugs of its portfolio and of the artifact. */
export const artifactRef = { portfolio: slugSchema, slug: slugSchema };

export const artifactInput = z.strictObject({
  ...artifactRef,
  kind: fields.kind,
  title: fields.title,
  description: fields.description.default(''),
  licence: fields.licence.default(null),
  repositoryUrl: fields.repositoryUrl.default(null),
});

export const artifactPatch = z.strictObject({
  ...artifactRef,
  ...z.object(fields).partial().shape,
  ...newSlugInput,
  ...expectedVersion,
});
