import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Bucket } from '../context.ts';
import type { StoredFile } from './schemas.ts';
import { sniffBytes, sniffType } from './sniff.ts';

/** What the bytes are, where they are not what they should be. */
export class OtherBytes extends Error {
  override readonly name = 'OtherBytes';
  readonly found: { sizeBytes: number; sha256: string | null };

  constructor(found: OtherBytes['found']) {
    super('The bytes are not those that were announced.');
    this.found = found;
  }
}

/**
 * Copies a waiting object to where it stays. Resolves to its type by its bytes, or to null if none waits.
 *
 * @throws OtherBytes where size or hash differ; then nothing is stored.
 */
export async function settle(
  bucket: Bucket,
  { from, ...rest }: { from: string; to: string; file: StoredFile },
  signal: AbortSignal,
): Promise<string | null> {
  const source = await bucket.stream(from, signal);
  return source && settleBytes(bucket, { source, ...rest }, signal);
}

/**
 * Stores bytes where they stay, in one pass that reads, checks and writes the very same ones: whoever may still write
 * to where they come from changes nothing. Resolves to their type by the bytes.
 *
 * @throws OtherBytes where size or hash differ; then nothing is stored.
 */
export async function settleBytes(
  bucket: Bucket,
  { source, to, file }: { source: Readable; to: string; file: StoredFile },
  signal: AbortSignal,
): Promise<string> {
  try {
    const chunks = source.iterator() as AsyncIterator<Buffer>;
    const head = await takeHead(chunks);
    const contentType = sniffType(Buffer.concat(head), file.contentType);
    const bytes = Readable.from(checked(head, chunks, file), { objectMode: false });
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
    if (sizeBytes > expected.sizeBytes) throw new OtherBytes({ sizeBytes, sha256: null });
    hash.update(chunk);
    yield chunk;
  }
  const sha256 = hash.digest('hex');
  if (sizeBytes !== expected.sizeBytes || sha256 !== expected.sha256) {
    throw new OtherBytes({ sizeBytes, sha256 });
  }
}

async function* join(head: Buffer[], rest: AsyncIterator<Buffer>) {
  yield* head;
  yield* { [Symbol.asyncIterator]: () => rest };
}
