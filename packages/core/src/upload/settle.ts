import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Bucket, Scanner } from '../context.ts';
import type { StoredFile } from './schemas.ts';
import { sniffBytes, sniffType } from './sniff.ts';

/** The size or the hash of a file is not the announced one. `found` has the actual ones; no hash if it is too long. */
export class MismatchedFile extends Error {
  override readonly name = 'MismatchedFile';
  readonly found: { sizeBytes: number; sha256: string | null };

  constructor(found: MismatchedFile['found']) {
    super('The file does not match the announced size and hash.');
    this.found = found;
  }
}

type Stores = { bucket: Bucket; scanner: Scanner | null };

/**
 * Copies an uploaded object to its permanent key. Resolves to the media type of its bytes, or to null if it is missing.
 *
 * @throws as `settleBytes`
 */
export async function settle(
  stores: Stores,
  { from, ...rest }: { from: string; to: string; file: StoredFile },
  signal: AbortSignal,
): Promise<string | null> {
  const source = await stores.bucket.stream(from, signal);
  return source && settleBytes(stores, { source, ...rest }, signal);
}

/**
 * Stores bytes at their permanent key. The bytes are verified and scanned while they are copied, in one pass, so that a
 * later write to their source has no effect. Resolves to their media type.
 *
 * @throws MismatchedFile if size or hash differ, InfectedFile if they contain malware; nothing is stored then.
 */
export async function settleBytes(
  { bucket, scanner }: Stores,
  { source, to, file }: { source: Readable; to: string; file: StoredFile },
  signal: AbortSignal,
): Promise<string> {
  try {
    const chunks = source.iterator() as AsyncIterator<Buffer>;
    const head = await takeHead(chunks);
    const contentType = sniffType(Buffer.concat(head), file.contentType);
    const verified = checked(head, chunks, file);
    const scanned = scanner ? scanner.pass(verified, signal) : verified;
    const bytes = Readable.from(scanned, { objectMode: false });
    await bucket.put(to, bytes, { contentType, fileName: file.fileName }, signal);
    return contentType;
  } finally {
    source.destroy();
  }
}

async function takeHead(chunks: AsyncIterator<Buffer>): Promise<Buffer[]> {
  const head: Buffer[] = [];
  for (let size = 0; size < sniffBytes;) {
    const { done, value } = await chunks.next();
    if (done) break;
    head.push(value);
    size += value.length;
  }
  return head;
}

async function* checked(head: Buffer[], rest: AsyncIterator<Buffer>, expected: StoredFile) {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of join(head, rest)) {
    sizeBytes += chunk.length;
    if (sizeBytes > expected.sizeBytes) throw new MismatchedFile({ sizeBytes, sha256: null });
    hash.update(chunk);
    yield chunk;
  }
  const sha256 = hash.digest('hex');
  if (sizeBytes !== expected.sizeBytes || sha256 !== expected.sha256) {
    throw new MismatchedFile({ sizeBytes, sha256 });
  }
}

async function* join(head: Buffer[], rest: AsyncIterator<Buffer>) {
  yield* head;
  yield* { [Symbol.asyncIterator]: () => rest };
}
