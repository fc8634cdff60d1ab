import type { Bucket } from '@portfolio/core/context';
import { fetchSyncSource, keepSynced, keepVanished } from '@portfolio/core/evidence/sync-source';
import { type GuardedResponse, OutboundError, guardedFetch } from '@portfolio/core/runtime/guarded-fetch';
import { contentKey, stagingKey } from '@portfolio/core/upload/keys';
import { maxUploadBytes } from '@portfolio/core/upload/schemas';
import { settle } from '@portfolio/core/upload/settle';
import { pipeline } from 'node:stream';
import { type Handler, PermanentError, TemporaryError } from '../handler.ts';
import { measure } from '../measure.ts';

const limits = { maxBytes: maxUploadBytes.evidence, timeoutMilliseconds: 300_000, maxRedirects: 5 };
const goneStatuses = [404, 410];

/** Fetches evidence from its source: other bytes than before make a version, the same ones count as a check. */
export function createEvidenceSync({ allowPrivate }: { allowPrivate: boolean }): Handler<'evidence.sync'> {
  return async ({ evidenceId }, { db, bucket, job, signal, progress }) => {
    const source = await fetchSyncSource(db, evidenceId);
    if (!source) throw new PermanentError('not_found', 'The evidence no longer exists, or has no source.');
    const { sourceUrl } = source;
    progress(0.05, 'Fetching the source');
    const response = await fetchSource(sourceUrl, allowPrivate, signal);
    if (goneStatuses.includes(response.status)) {
      response.body.destroy();
      await keepVanished(db, evidenceId, sourceUrl);
      throw new PermanentError('source_vanished', `The source is gone: it answers ${response.status}.`);
    }

    const staged = stagingKey(job.portfolioId, `${job.id}-${job.attempt}`);
    try {
      const file = await stage(bucket, staged, response, signal);
      progress(0.8, 'Keeping what has changed');
      const isKept = source.sha256 === file.sha256 && source.problem === null;
      const to = contentKey('evidence', job.portfolioId, file.sha256);
      const contentType = isKept ? null : await settle(bucket, { from: staged, to, file }, signal);
      const kept = await keepSynced(
        db,
        { evidenceId, sourceUrl },
        { ...file, contentType: contentType ?? file.contentType, fetchedFrom: response.url },
      );
      if (!kept) throw new TemporaryError('source_changed', 'The evidence was given another source.');
      const { sha256, sizeBytes } = file;
      return { version: kept.number, changed: kept.changed, sha256, sizeBytes };
    } finally {
      await bucket.remove(staged);
    }
  };
}

async function fetchSource(
  sourceUrl: string,
  allowPrivate: boolean,
  signal: AbortSignal,
): Promise<GuardedResponse> {
  const headers = { accept: '*/*', 'user-agent': 'portfolio-evidence-sync' };
  const request = guardedFetch(sourceUrl, { ...limits, headers, allowPrivate, signal });
  const response = await request.catch((error: unknown) => {
    throw toJobError(error);
  });
  if (response.status === 200 || goneStatuses.includes(response.status)) return response;
  response.body.destroy();
  throw new TemporaryError('source_refused', `The source answers with the status ${response.status}.`);
}

/** Stores the body, whose hash is known at its end only, where it can wait. */
async function stage(
  bucket: Bucket,
  key: string,
  { body, headers, url }: GuardedResponse,
  signal: AbortSignal,
) {
  const passed = measure();
  pipeline(body, passed.stream, () => {});
  const contentType = headers['content-type'];
  const declared = typeof contentType === 'string' ? contentType : 'application/octet-stream';
  await bucket.put(key, passed.stream, { contentType: declared }, signal).catch((error: unknown) => {
    throw toJobError(error);
  });
  return { fileName: fileNameOf(url), contentType: declared, ...passed.result() };
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

/** What a browser would call the file: the last part of its path. */
function fileNameOf(url: string): string {
  const last = new URL(url).pathname.split('/').findLast((part) => part !== '') ?? '';
  const name = last.replaceAll(/%[0-9a-f]{2}|[^\w.-]+/gi, '_').slice(-100);
  return name || 'source';
}
