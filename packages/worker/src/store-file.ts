import type { Bucket } from '@portfolio/core/context';
import type { Writable } from 'node:stream';
import { measure } from './measure.ts';

type File = { key: string; contentType: string; fileName: string };

/**
 * Sends to the bucket what `write` writes, as it is written; resolves to what `write` does and to size and hash of the
 * file. Whichever of the two fails ends the other: half a file is of no use to anybody.
 */
export async function storeFile<T>(
  bucket: Bucket,
  { key, contentType, fileName }: File,
  signal: AbortSignal,
  write: (out: Writable, signal: AbortSignal) => Promise<T>,
): Promise<{ written: T; sizeBytes: number; sha256: string }> {
  const file = measure();
  const failed = new AbortController();
  const ends = AbortSignal.any([signal, failed.signal]);
  try {
    const [written] = await Promise.all([
      write(file.stream, ends),
      bucket.put(key, file.stream, { contentType, fileName }, ends),
    ]);
    return { written, ...file.result() };
  } catch (error) {
    failed.abort();
    file.stream.destroy();
    throw error;
  }
}
