import type { Bucket } from '@portfolio/core/context';
import type { Writable } from 'node:stream';
import { measure } from './measure.ts';

type File = { key: string; contentType: string; fileName: string };

/**
 * Streams the output of `write` to the bucket. Resolves to the result of `write`, and to the size and hash of the file.
 * If writing or uploading fails, the other is aborted, so that no partial file is stored.
 */
export async function storeFile<T>(
  bucket: Bucket,
  { key, contentType, fileName }: File,
  signal: AbortSignal,
  write: (out: Writable, signal: AbortSignal) => Promise<T>,
): Promise<{ written: T; sizeBytes: number; sha256: string }> {
  const file = measure();
  const failed = new AbortController();
  const aborted = AbortSignal.any([signal, failed.signal]);
  try {
    const [written] = await Promise.all([
      write(file.stream, aborted),
      bucket.put(key, file.stream, { contentType, fileName }, aborted),
    ]);
    return { written, ...file.result() };
  } catch (error) {
    failed.abort();
    file.stream.destroy();
    throw error;
  }
}
