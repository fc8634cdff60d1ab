import type { Bucket } from '@portfolio/core/context';
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

/** What a download holds in memory, and what is fetched again after a crash. */
const partBytes = 8 * 1024 * 1024;

type JobTools = Parameters<Handler<'evidence.sync'>>[1];
export type SyncTools = Pick<JobTools, 'db' | 'bucket' | 'job' | 'signal' | 'progress'> & {
  by: Syncing;
  allowPrivate: boolean;
  hosts: HostBreakers;
};

/** The bytes of a source, which wait in the bucket and can be read from there. */
export type Fetched = {
  is: 'file';
  file: StoredFile & { fetchedFrom: string };
  validators: Validators;
  read(): Readable;
};

type Outcome = Fetched | { is: 'unchanged' } | { is: 'missing'; status: 404 | 410 };

/** A download and the hash of the parts that it has. */
type Begun = { download: Download; sizeBytes: number; hash: Hash };

/**
 * Fetches what the source has, unless it says that nothing changed. Goes on where an earlier attempt of the job broke
 * off, if the source still has those very bytes.
 */
export async function fetchEvidence(
  tools: SyncTools,
  { validators, problem }: { validators: Validators | null; problem: string | null },
): Promise<Outcome> {
  const begun = await findBegun(tools);
  if (begun) return goOn(tools, begun);
  // With a problem, only the bytes themselves can tell that it is over.
  return start(tools, problem === null ? validators : null);
}

/** Removes all that was fetched for the job. What cannot be removed now, `removeAbandonedDownloads` will. */
export async function forget({ db, bucket, job, by }: SyncTools): Promise<void> {
  await removeDownload({ db, bucket }, by.requireLease, job.id);
}

async function start(tools: SyncTools, validators: Validators | null): Promise<Outcome> {
  const conditions = validators ? conditionsOf(validators) : {};
  const response = await request(tools, conditions, 0);
  const { status, url } = response;
  if (status === 304 && validators && Object.keys(conditions).length > 0) {
    response.body.destroy();
    // Of the bytes at another address it says nothing.
    return url === validators.url ? { is: 'unchanged' } : start(tools, null);
  }
  if (status === 200) return receive(tools, response, await begin(tools, response));
  return refuse(response);
}

async function goOn(tools: SyncTools, begun: Begun): Promise<Outcome> {
  const { download, sizeBytes } = begun;
  if (sizeBytes === download.sizeBytes) return toFetched(tools, begun);
  const headers = { range: `bytes=${sizeBytes}-`, 'if-range': download.etag! };
  const response = await request(tools, headers, sizeBytes);
  if (response.status === 206 && fits(response, begun)) return receive(tools, response, begun);
  if (![200, 206, 416].includes(response.status)) return refuse(response);
  await forget(tools);
  if (response.status === 200) return receive(tools, response, await begin(tools, response));
  response.body.destroy();
  return start(tools, null);
}

async function request(
  { by, allowPrivate, hosts, signal }: SyncTools,
  asked: Record<string, string>,
  sizeBytes: number,
): Promise<GuardedResponse> {
  const headers = { accept: '*/*', 'user-agent': 'portfolio-evidence-sync', ...asked };
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
  throw new TemporaryError('source_refused', `The source answers with the status ${status}.`);
}

/** Takes a body in parts, so that neither memory nor a failure holds more than one of them. */
async function receive(tools: SyncTools, { body }: GuardedResponse, begun: Begun): Promise<Fetched> {
  const { download } = begun;
  // One buffer: kept as they come, pieces of a byte each would take hundreds of times as much.
  const part = Buffer.allocUnsafe(partBytes);
  let waitingBytes = 0;
  const store = async () => {
    if (waitingBytes === 0) return;
    await storePart(tools, begun, part.subarray(0, waitingBytes));
    waitingBytes = 0;
  };
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let taken = 0; taken < chunk.length;) {
        const copied = chunk.copy(part, waitingBytes, taken);
        taken += copied;
        waitingBytes += copied;
        if (waitingBytes === partBytes) await store();
      }
    }
  } catch (error) {
    const failure = toJobError(error);
    // The last part is worth keeping too, however short.
    if (failure instanceof TemporaryError && isStrong(download.etag)) await store();
    throw failure;
  }
  await store();
  if (begun.sizeBytes !== (download.sizeBytes ?? begun.sizeBytes)) {
    throw new TemporaryError('source_unreachable', 'The source sent fewer or more bytes than it announced.');
  }
  return toFetched(tools, begun);
}

async function storePart({ db, bucket, job, by, signal, progress }: SyncTools, begun: Begun, bytes: Buffer) {
  const { download } = begun;
  const key = stagingKey(job.portfolioId, `${job.id}-${job.attempt}-${download.keys.length}`);
  await announcePart(db, by.requireLease, job.id, key);
  download.keys.push(key);
  await bucket.put(key, bytes, { contentType: 'application/octet-stream' }, signal);
  const part = { key, sizeBytes: bytes.length };
  await recordPart(db, by.requireLease, job.id, part);
  download.parts.push(part);
  begun.hash.update(bytes);
  begun.sizeBytes += bytes.length;
  const fraction = begun.sizeBytes / (download.sizeBytes ?? maxBytes);
  progress(0.05 + 0.75 * fraction, 'Fetching the source');
}

async function begin(tools: SyncTools, { headers, url }: GuardedResponse): Promise<Begun> {
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

/** What an earlier attempt has fetched, if it can be gone on with; else it is removed. */
async function findBegun(tools: SyncTools): Promise<Begun | null> {
  const { db, bucket, job, by, signal } = tools;
  const download = await findDownload(db, job.id);
  if (!download) return null;
  if (download.sourceUrl === by.sourceUrl && isStrong(download.etag) && download.parts.length > 0) {
    // The state of a hash cannot be kept, so that what is there is read again.
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of readParts(bucket, download, signal)) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    if (sizeBytes === sizeOf(download)) return { download, sizeBytes, hash };
  }
  await forget(tools);
  return null;
}

const sizeOf = ({ parts }: Download) => parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** The bytes of all parts; fewer of them where a part is lost. */
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

function toFetched({ bucket, signal }: SyncTools, { download, sizeBytes, hash }: Begun): Fetched {
  const { fetchedFrom, contentType, contentEncoding, etag, lastModified } = download;
  return {
    is: 'file',
    file: {
      fileName: fileNameOf(fetchedFrom, contentEncoding),
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

/** Whether a partial answer (RFC 9110, 15.3.7) is the rest of what is there, to its end. */
function fits({ headers }: GuardedResponse, { download, sizeBytes }: Begun): boolean {
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

/** When it was last modified, where no later change can have the same time (RFC 9110, 8.8.2.2). */
function lastModifiedOf({ 'last-modified': modified, date }: GuardedResponse['headers']): string | null {
  if (typeof modified !== 'string' || typeof date !== 'string') return null;
  return Date.parse(date) - Date.parse(modified) >= 60_000 ? modified : null;
}

/** Which of the reasons not to have a source another attempt may mend. */
function toJobError(error: unknown): unknown {
  if (!(error instanceof OutboundError)) return error;
  const isTemporary = error.code === 'timed_out' || error.code === 'unreachable';
  const message = `The source cannot be fetched. ${error.message}`;
  return isTemporary
    ? new TemporaryError(`source_${error.code}`, message)
    : new PermanentError(`source_${error.code}`, message);
}

/** How names of files end that came compressed: they are kept as they came. */
const suffixes: Record<string, string> = { gzip: '.gz', br: '.br', zstd: '.zst' };

/** What a browser would call the file: the last part of its path. */
function fileNameOf(url: string, contentEncoding: string | null): string {
  const last = new URL(url).pathname.split('/').findLast((part) => part !== '') ?? '';
  const name = last.replaceAll(/%[0-9a-f]{2}|[^\w.-]+/gi, '_').slice(-100) || 'source';
  const suffix = suffixes[contentEncoding ?? ''] ?? '';
  return name.endsWith(suffix) ? name : name + suffix;
}
