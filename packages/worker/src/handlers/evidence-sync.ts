import type { Db, Scanner } from '@portfolio/core/context';
import type { HostBreakers } from '@portfolio/core/runtime/host-breakers';
import { toOutage } from '@portfolio/core/runtime/outage';
import { InfectedFile } from '@portfolio/core/runtime/scanner';
import {
  type Syncing,
  fetchSyncSource,
  recordMissing,
  storeSynced,
  recordUnchanged,
} from '@portfolio/core/evidence/sync-source';
import { contentKey } from '@portfolio/core/upload/keys';
import { MismatchedFile, settleBytes } from '@portfolio/core/upload/settle';
import { provenance } from '@portfolio/core/telemetry/contract';
import { type Handler, JobFailure, PermanentError, TemporaryError } from '../handler.ts';
import { LeaseLost } from '../leases.ts';
import { type Fetched, type SyncTools, fetchEvidence, removeFetched } from './evidence-sync-download.ts';

/** Fetches evidence from its source: changed bytes become a new version, unchanged ones count as a check. */
export function createEvidenceSync(outbound: {
  allowPrivate: boolean;
  hosts: HostBreakers;
  scanner: Scanner | null;
}): Handler<'evidence.sync'> {
  return async ({ evidenceId }, { db, bucket, job, signal, progress, requireLease }) => {
    const source = await fetchSyncSource(db, evidenceId);
    if (!source) throw new PermanentError('not_found', 'The evidence no longer exists, or has no source.');
    const { sourceUrl, latest } = source;
    const by = { evidenceId, sourceUrl, jobId: job.id, traceparent: job.traceparent, requireLease };
    const tools = { db, bucket, job, signal, progress, by, ...outbound };
    // An earlier attempt may have been interrupted after it had stored the version.
    const stored =
      latest?.jobId === job.id
        ? { ...latest, changed: true }
        : await counted(signal, () => sync(tools, source));
    await removeFetched(tools);
    const { number, changed, sha256, sizeBytes } = stored;
    return { version: number, changed, sha256, sizeBytes };
  };
}

const count = (outcome: SyncOutcome) => provenance.syncs.add(1, { outcome });

/** Counts what a sync has found, unless it was interrupted, cancelled, or done by another worker meanwhile, or is postponed. */
async function counted<Stored extends { changed: boolean }>(signal: AbortSignal, run: () => Promise<Stored>) {
  try {
    const stored = await run();
    count(stored.changed ? 'changed' : 'unchanged');
    return stored;
  } catch (error) {
    const isInterrupted = signal.aborted || error instanceof LeaseLost;
    if (error instanceof JobFailure && !isInterrupted) count(outcomes[error.code] ?? 'failed');
    else if (!isInterrupted && !toOutage(error)) count('failed');
    throw error;
  }
}

type SyncOutcome = 'changed' | 'unchanged' | 'missing' | 'quarantined' | 'failed';

/** By the codes of errors; what is not among them has failed. */
const outcomes: Record<string, SyncOutcome> = {
  source_vanished: 'missing',
  source_missing: 'missing',
  quarantined: 'quarantined',
};

type Source = NonNullable<Awaited<ReturnType<typeof fetchSyncSource>>>;

async function sync(tools: SyncTools, source: Source) {
  const { db, by, progress } = tools;
  progress(0.05, 'Fetching the source');
  const fetched = await fetchEvidence(tools, source);
  if (fetched.is === 'missing') return refuseMissing(db, by, fetched.status);
  if (fetched.is === 'unchanged') {
    const version = await recordUnchanged(db, by);
    if (!version) throw new TemporaryError('source_changed', 'The evidence was changed during the sync.');
    return { ...version, changed: false };
  }
  progress(0.8, 'Storing the new version');
  const { file, validators } = fetched;
  const isStored = source.latest?.sha256 === file.sha256 && source.problem === null;
  const contentType = isStored ? file.contentType : await settle(tools, fetched);
  const version = await storeSynced(db, by, { ...file, contentType }, validators);
  if (!version)
    throw new TemporaryError('source_changed', 'The evidence got another source during the sync.');
  return { ...version, sha256: file.sha256, sizeBytes: file.sizeBytes };
}

async function refuseMissing(db: Db, by: Syncing, status: 404 | 410): Promise<never> {
  if (await recordMissing(db, by, status)) {
    throw new PermanentError('source_vanished', `The source no longer exists (status ${status}).`);
  }
  throw new TemporaryError(
    'source_missing',
    `The source is missing (status ${status}). After an hour it counts as permanently gone.`,
  );
}

/** Scans the bytes and stores them under their hash; resolves to their type. */
async function settle({ bucket, scanner, job, signal }: SyncTools, { file, read }: Fetched): Promise<string> {
  const to = contentKey('evidence', job.portfolioId, file.sha256);
  try {
    return await settleBytes({ bucket, scanner }, { source: read(), to, file }, signal);
  } catch (error) {
    if (error instanceof MismatchedFile)
      throw new TemporaryError('parts_lost', 'A part of the download was lost.');
    if (error instanceof InfectedFile)
      throw new PermanentError('quarantined', `The file at the source contains malware (${error.threat}).`);
    throw error;
  }
}
