import type { Bucket, Scanner } from '@portfolio/core/context';
import {
  type Download,
  announcePart,
  beginDownload,
  findDownload,
  recordPart,
  removeDownload,
} from '@portfolio/core/evidence/download';
import type { Validators } from '@portfolio/core/evidence/schemas';
import type { Syncing } from '@portfolio/core/evidence/sync-source';
import { type GuardedResponse, OutboundError, guardedFetch } from '@portfolio/core/runtime/guarded-fetch';
import type { HostBreakers } from '@portfolio/core/runtime/host-breakers';
import { stagingKey } from '@portfolio/core/upload/keys';
import { type StoredFile, maxUploadBytes } from '@portfolio/core/upload/schemas';
import { type Hash, createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type Handler, PermanentError, TemporaryError } from '../handler.ts';

const maxBytes = maxUploadBytes.evidence;
const limits = { timeoutMilliseconds: 300_000, maxRedirects: 5 };

/** The memory that a download takes, and the most that is fetched again after a crash. */
const partBytes = 8 * 1024 * 1024;

type JobTools = Parameters<Handler<'evidence.sync'>>[1];
export type SyncTools = Pick<JobTools, 'db' | 'bucket' | 'job' | 'signal' | 'progress'> & {
  by: Syncing;
  allowPrivate: boolean;
  hosts: HostBreakers;
  scanner: Scanner | null;
};

/** The bytes of a source, stored in the bucket in parts. */
export type Fetched = {
  is: 'file';
  file: StoredFile & { fetchedFrom: string };
  validators: Validators;
  read(): Readable;
};

type Outcome = Fetched | { is: 'unchanged' } | { is: 'missing'; status: 404 | 410 };

/** A download with the size and hash of the parts that are stored. */
type PartialDownload = { download: Download; sizeBytes: number; hash: Hash };

/**
 * Fetches the source, unless it reports that it is unchanged. Resumes the download of an earlier attempt of the job if the
 * source still has the same bytes.
 */
export async function fetchEvidence(
  tools: SyncTools,
  { validators, problem }: { validators: Validators | null; problem: string | null },
): Promise<Outcome> {
  const partial = await findPartial(tools);
  if (partial) return resume(tools, partial);
  // After a problem, only the bytes themselves can show that it is fixed.
  return start(tools, problem === null ? validators : null);
}

/** Removes the download of the job. `removeAbandonedDownloads` removes later what cannot be removed now. */
export async function removeFetched({ db, bucket, job, by }: SyncTools): Promise<void> {
  await removeDownload({ db, bucket }, by.requireLease, job.id);
}

async function start(tools: SyncTools, validators: Validators | null): Promise<Outcome> {
  const conditions = validators ? conditionsOf(validators) : {};
  const response = await request(tools, conditions, 0);
  const { status, url } = response;
  if (status === 304 && validators && Object.keys(conditions).length > 0) {
    response.body.destroy();
    // After a redirect to another address, the response says nothing about the stored bytes.
    return url === validators.url ? { is: 'unchanged' } : start(tools, null);
  }
  if (status === 200) return receive(tools, response, await begin(tools, response));
  return refuse(response);
}

async function resume(tools: SyncTools, partial: PartialDownload): Promise<Outcome> {
  const { download, sizeBytes } = partial;
  if (sizeBytes === download.sizeBytes) return toFetched(tools, partial);
  const headers = { range: `bytes=${sizeBytes}-`, 'if-range': download.etag! };
  const response = await request(tools, headers, sizeBytes);
  if (response.status === 206 && fits(response, partial)) return receive(tools, response, partial);
  if (![200, 206, 416].includes(response.status)) return refuse(response);
  await removeFetched(tools);
  if (response.status === 200) return receive(tools, response, await begin(tools, response));
  response.body.destroy();
  return start(tools, null);
}

async function request(
  { by, allowPrivate, hosts, signal }: SyncTools,
  extraHeaders: Record<string, string>,
  sizeBytes: number,
): Promise<GuardedResponse> {
  const headers = { accept: '*/*', 'user-agent': 'portfolio-evidence-sync', ...extraHeaders };
  const options = { ...limits, maxBytes: maxBytes - sizeBytes, headers, allowPrivate, signal };
  return hosts
    .run(by.sourceUrl, () => guardedFetch(by.sourceUrl, options))
    .catch((error: unknown) => {
      throw toJobError(error);
    });
}

function refuse({ status, body }: GuardedResponse): Outcome {
  body.destroy();
  if (status === 404 || status === 410) return { is: 'missing', status };
  throw new TemporaryError('source_refused', `The source responded with status ${status}.`);
}

/** Receives a body in parts: memory holds one part at most, and a failure loses one at most. */
async function receive(
  tools: SyncTools,
  { body }: GuardedResponse,
  partial: PartialDownload,
): Promise<Fetched> {
  const { download } = partial;
  // A single buffer: stored as they arrive, chunks of one byte would take hundreds of times the memory.
  const part = Buffer.allocUnsafe(partBytes);
  let bufferedBytes = 0;
  const store = async () => {
    if (bufferedBytes === 0) return;
    await storePart(tools, partial, part.subarray(0, bufferedBytes));
    bufferedBytes = 0;
  };
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let taken = 0; taken < chunk.length;) {
        const copied = chunk.copy(part, bufferedBytes, taken);
        taken += copied;
        bufferedBytes += copied;
        if (bufferedBytes === partBytes) await store();
      }
    }
  } catch (error) {
    const failure = toJobError(error);
    // Store the last part too, however short.
    if (failure instanceof TemporaryError && isStrong(download.etag)) await store();
    throw failure;
  }
  await store();
  if (partial.sizeBytes !== (download.sizeBytes ?? partial.sizeBytes)) {
    throw new TemporaryError(
      'source_unreachable',
      'The source sent fewer or more bytes than its Content-Length.',
    );
  }
  return toFetched(tools, partial);
}

async function storePart(
  { db, bucket, job, by, signal, progress }: SyncTools,
  partial: PartialDownload,
  bytes: Buffer,
) {
  const { download } = partial;
  const key = stagingKey(job.portfolioId, `${job.id}-${job.attempt}-${download.keys.length}`);
  await announcePart(db, by.requireLease, job.id, key);
  download.keys.push(key);
  await bucket.put(key, bytes, { contentType: 'application/octet-stream' }, signal);
  const part = { key, sizeBytes: bytes.length };
  await recordPart(db, by.requireLease, job.id, part);
  download.parts.push(part);
  partial.hash.update(bytes);
  partial.sizeBytes += bytes.length;
  const fraction = partial.sizeBytes / (download.sizeBytes ?? maxBytes);
  progress(0.05 + 0.75 * fraction, 'Fetching the source');
}

async function begin(tools: SyncTools, { headers, url }: GuardedResponse): Promise<PartialDownload> {
  const { db, job, by } = tools;
  const sizeBytes = textOf(headers['content-length']);
  const download = {
    jobId: job.id,
    sourceUrl: by.sourceUrl,
    fetchedFrom: url,
    etag: etagOf(headers),
    lastModified: lastModifiedOf(headers),
    contentType: textOf(headers['content-type']) ?? 'application/octet-stream',
    contentEncoding: textOf(headers['content-encoding']),
    sizeBytes: sizeBytes === null ? null : Number(sizeBytes),
    parts: [],
    keys: [],
  };
  await beginDownload(db, by.requireLease, download);
  return { download, sizeBytes: 0, hash: createHash('sha256') };
}

/** The download of an earlier attempt, if it can be resumed; otherwise it is removed. */
async function findPartial(tools: SyncTools): Promise<PartialDownload | null> {
  const { db, bucket, job, by, signal } = tools;
  const download = await findDownload(db, job.id);
  if (!download) return null;
  if (download.sourceUrl === by.sourceUrl && isStrong(download.etag) && download.parts.length > 0) {
    // The state of a hash cannot be stored, so the stored parts are read again.
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of readParts(bucket, download, signal)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    if (sizeBytes === sizeOf(download)) return { download, sizeBytes, hash };
  }
  await removeFetched(tools);
  return null;
}

const sizeOf = ({ parts }: Download) => parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** The bytes of all parts; lost parts are skipped. */
async function* readParts(
  bucket: Bucket,
  { parts }: Download,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void> {
  for (const { key } of parts) {
    const bytes = await bucket.stream(key, signal);
    if (bytes) yield* bytes as AsyncIterable<Buffer>;
  }
}

function toFetched({ bucket, signal }: SyncTools, { download, sizeBytes, hash }: PartialDownload): Fetched {
  const { sourceUrl, fetchedFrom, contentType, contentEncoding, etag, lastModified } = download;
  return {
    is: 'file',
    file: {
      fileName: fileNameOf([fetchedFrom, sourceUrl], contentEncoding),
      contentType,
      fetchedFrom,
      sizeBytes,
      sha256: hash.digest('hex'),
    },
    validators: { url: fetchedFrom, ...(etag ? { etag } : lastModified ? { lastModified } : {}) },
    read: () => Readable.from(readParts(bucket, download, signal), { objectMode: false }),
  };
}

function conditionsOf({ etag, lastModified }: Validators): Record<string, string> {
  if (etag) return { 'if-none-match': etag };
  return lastModified ? { 'if-modified-since': lastModified } : {};
}

/** Whether a partial response (RFC 9110, 15.3.7) is exactly the missing rest of the download. */
function fits({ headers }: GuardedResponse, { download, sizeBytes }: PartialDownload): boolean {
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(textOf(headers['content-range']) ?? '');
  if (!range || Number(range[1]) !== sizeBytes || etagOf(headers) !== download.etag) return false;
  if (textOf(headers['content-encoding']) !== download.contentEncoding) return false;
  const total = range[3] === '*' ? download.sizeBytes : Number(range[3]);
  if (total === null || Number(range[2]) !== total - 1) return false;
  return total === (download.sizeBytes ?? total);
}

const textOf = (header: string | string[] | undefined) => (typeof header === 'string' ? header : null);

const isStrong = (etag: string | null) => etag !== null && !etag.startsWith('W/');

function etagOf({ etag }: GuardedResponse['headers']): string | null {
  return typeof etag === 'string' && /^(W\/)?"[\x21\x23-\x7e]{0,500}"$/.test(etag) ? etag : null;
}

/** The modification time, if no later change can have the same one (RFC 9110, 8.8.2.2); null otherwise. */
function lastModifiedOf({ 'last-modified': modified, date }: GuardedResponse['headers']): string | null {
  if (typeof modified !== 'string' || typeof date !== 'string') return null;
  return Date.parse(date) - Date.parse(modified) >= 60_000 ? modified : null;
}

/** The error of a job for an error of an outbound request: temporary if a retry may succeed. */
function toJobError(error: unknown): unknown {
  if (!(error instanceof OutboundError)) return error;
  const isTemporary = error.code === 'timed_out' || error.code === 'unreachable';
  const message = `The source could not be fetched. ${error.message}`;
  return isTemporary
    ? new TemporaryError(`source_${error.code}`, message)
    : new PermanentError(`source_${error.code}`, message);
}

/** The file name suffixes of compressed bodies, which are stored as received. */
const suffixes: Record<string, string> = { gzip: '.gz', br: '.br', zstd: '.zst' };

/**
 * The last segment of the first of the paths that has an extension, otherwise of the last path: after a redirect, a
 * segment without one can be a key to the file, and everybody sees the name.
 */
function fileNameOf(urls: readonly string[], contentEncoding: string | null): string {
  const segments = urls.map((url) => new URL(url).pathname.split('/').findLast((part) => part !== '') ?? '');
  const last = segments.find((segment) => /\.[a-z0-9]{1,8}$/i.test(segment)) ?? segments.at(-1)!;
  const name = last.replaceAll(/%[0-9a-f]{2}|[^\w.-]+/gi, '_').slice(-100) || 'source';
  const suffix = suffixes[contentEncoding ?? ''] ?? '';
  return name.endsWith(suffix) ? name : name + suffix;
}
