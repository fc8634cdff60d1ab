import { z } from 'zod';
import { idOf } from '../ids.ts';
import { boundedString, line, slugSchema } from '../text.ts';

/** The largest file for each purpose. */
export const maxUploadBytes = { evidence: 100 * 1024 * 1024, artifact: 100 * 1024 * 1024 };

/** How long the form can be submitted; S3 refuses it later. */
export const formLifetimeMinutes = 15;

const sha256Schema = boundedString(64).regex(/^[0-9a-f]{64}$/, 'Expected a hexadecimal SHA-256.');

const fileNameSchema = line(200).regex(/^[^/\\]*$/, 'Expected a file name without a folder.');

/** The description of a file that a client wants to upload. */
export const uploadInput = (maxBytes: number) =>
  z.strictObject({
    portfolio: slugSchema,
    fileName: fileNameSchema,
    contentType: boundedString(100).regex(
      /^[\w.+-]+\/[\w.+-]+(; ?charset=[\w-]+)?$/,
      'Expected a media type such as "text/csv".',
    ),
    sizeBytes: z.int().min(1).max(maxBytes),
    sha256: sha256Schema,
  });

/**
 * The form by which to send the file: a multipart POST with all of `fields`, followed by the file as the field `file`.
 * Afterwards, pass the upload's id to the operation that uses it.
 */
export const uploadSchema = z
  .object({
    id: idOf('upload'),
    url: z.url(),
    fields: z.record(z.string(), z.string()),
    expiresAt: z.iso.datetime().describe('When the form expires.'),
  })
  .meta({ id: 'Upload' });

const uploadStateSchema = z.enum(['open', 'used', 'quarantined', 'expired']);
export type UploadState = z.infer<typeof uploadStateSchema>;

/** What became of an upload. One that is quarantined contains malware and can never be used. */
export const uploadStatusSchema = z
  .object({
    id: idOf('upload'),
    portfolio: slugSchema,
    state: uploadStateSchema,
    threat: z.string().nullable().describe('The name of the malware that the scanner has found.'),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().describe('Until when the upload can be used; the form expires before.'),
  })
  .meta({ id: 'UploadStatus' });

export const uploadId = idOf('upload').describe('The id of an upload whose file has been sent.');

/** A file in the bucket, described by its bytes. */
export type StoredFile = { fileName: string; contentType: string; sizeBytes: number; sha256: string };
