import { z } from 'zod';
import { boundedString, slugSchema } from '../text.ts';

const imageTypeSchema = z.enum(['image/png', 'image/jpeg']);

export type ImageType = z.infer<typeof imageTypeSchema>;

const maxBytes = 5 * 1024 * 1024;
/** The JSON of an upload has the bytes in base64. */
export const maxImageInputBytes = Math.ceil(maxBytes / 3) * 4 + 1024;

/** The path of an image in the API, and in Markdown that shows it. */
export const imagePath = (portfolio: string, sha256: string) =>
  `/api/v1/portfolios/${portfolio}/images/${sha256}`;

const path = /\/api\/v1\/portfolios\/[a-z0-9-]+\/images\/([0-9a-f]{64})/;
const wholePath = new RegExp(`^${path.source}$`);
const pathInText = new RegExp(`${path.source}(?![0-9a-z])`, 'g');

/** The hash in the URL of an image of the platform; null for any other URL. */
export function imageHash(url: string): string | null {
  return wholePath.exec(url)?.[1] ?? null;
}

/** The distinct hashes of all images that a Markdown text refers to. */
export function imageHashes(markdown: string): string[] {
  return [...new Set(Array.from(markdown.matchAll(pathInText), ([, sha256]) => sha256!))];
}

export const sha256Schema = boundedString(64)
  .regex(/^[0-9a-f]{64}$/, 'Expected a hexadecimal SHA-256.')
  .describe('The SHA-256 of the bytes, hexadecimal.');

export const imageRef = { portfolio: slugSchema, sha256: sha256Schema };

/** An image of a portfolio. Markdown refers to it by `url`. */
export const imageSchema = z
  .object({
    sha256: sha256Schema,
    url: z.string().max(200).describe('The path of the image in the API.'),
    contentType: imageTypeSchema,
    sizeBytes: z.int().min(0).max(maxBytes),
  })
  .meta({ id: 'Image' });

/** An image in a list. */
export const imageItemSchema = imageSchema
  .extend({
    uploadedAt: z.iso.datetime().describe('When it was last uploaded.'),
    isShown: z
      .boolean()
      .describe(
        'True if the text of a case study shows it, also in the bin. One that no revision shows either is deleted 30 days after its upload.',
      ),
  })
  .meta({ id: 'ImageItem' });

/** The bytes of a PNG or JPEG in base64, at most 5 MiB when decoded. */
export const imageBytes = z
  .base64()
  .transform((encoded) => Buffer.from(encoded, 'base64'))
  .refine((bytes) => bytes.length <= maxBytes, 'Expected at most 5 MiB.')
  .refine((bytes) => sniffImage(bytes) !== null, 'Expected the bytes of a PNG or JPEG image.');

/** The type of an image by its first bytes, because a client's file name or header is not trusted. */
export function sniffImage(bytes: Uint8Array): ImageType | null {
  const startsWith = (...signature: number[]) => signature.every((byte, at) => bytes[at] === byte);
  if (startsWith(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return 'image/png';
  if (startsWith(0xff, 0xd8, 0xff)) return 'image/jpeg';
  return null;
}
