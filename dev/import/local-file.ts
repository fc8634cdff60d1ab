import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file to upload, with the properties that the API requires beforehand. */
export type LocalFile = {
  path: string;
  fileName: string;
  contentType: string;
  sizeBytes: number;
  sha256: string;
};

/** Text types, which the API cannot detect from the bytes. It detects binary types itself. */
const textTypes: Record<string, string> = {
  '.csv': 'text/csv',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.toml': 'application/toml',
  '.tsv': 'text/tab-separated-values',
  '.xml': 'application/xml',
  '.yaml': 'application/yaml',
  '.yml': 'application/yaml',
};

/**
 * Describes the file that a Markdown file names, by a path relative to the Markdown file, or the problem with it. The bytes are
 * streamed.
 */
export async function describeLocalFile(
  folder: string,
  markdownPath: string,
  name: string,
  maxBytes: number,
): Promise<{ file: LocalFile; problem?: never } | { file?: never; problem: string }> {
  const path = resolve(dirname(markdownPath), name);
  const found = path.startsWith(folder + sep) ? await stat(path).catch(() => null) : null;
  if (!found?.isFile()) return { problem: `Expected a file "${name}" in this folder.` };
  const { size: sizeBytes } = found;
  if (sizeBytes === 0) return { problem: `Expected a file "${name}" that is not empty.` };
  if (sizeBytes > maxBytes) {
    return {
      problem: `Expected at most ${maxBytes / 1024 / 1024} MiB, but "${name}" has ${sizeBytes} bytes.`,
    };
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const contentType = textTypes[extname(path).toLowerCase()] ?? 'text/plain';
  return { file: { path, fileName: basename(path), contentType, sizeBytes, sha256: hash.digest('hex') } };
}
