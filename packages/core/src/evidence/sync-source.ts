import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { announceChange } from '../published.ts';
import type { StoredFile } from '../upload/schemas.ts';
import { nextVersion } from '../version.sql.ts';
import { outsideReader } from '../visibility.ts';
import { recordWebhookEvent } from '../webhook/record.ts';
import { announceEvidenceChange } from './change-listeners.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import { checkedNow } from './freshness.ts';
import { sourceAddress } from './source-address.ts';
import { storeVersion } from './store-version.ts';
import { type Validators, readValidators } from './schemas.ts';

/** A source counts as gone if it still answers 404 after this time; a single 404 may be temporary. */
const graceSeconds = 3600;
/** The interval of checks whether a vanished source is available again. */
const goneSeconds = 86_400;

/** Throws unless the attempt that runs the transaction still holds the lease of its job. */
export type RequireLease = (tx: Db) => Promise<void>;

/** The sync that writes. `sourceUrl` is the URL that the attempt requested. */
export type Syncing = {
  evidenceId: string;
  sourceUrl: string;
  jobId: string;
  /** Of the job, which the webhooks that report the change continue. */
  traceparent: string;
  requireLease: RequireLease;
};

const isLatest = and(
  eq(evidenceVersions.evidenceId, evidence.id),
  eq(evidenceVersions.number, evidence.latest),
);

/** The data that a sync needs; null if the evidence was deleted or has no source. For workers: no actor is checked. */
export async function fetchSyncSource(db: Db, evidenceId: string) {
  const { number, sha256, sizeBytes, jobId } = evidenceVersions;
  const [row] = await db
    .select({
      slug: evidence.slug,
      sourceUrl: evidence.sourceUrl,
      problem: evidence.problem,
      validators: evidence.validators,
      latest: { number, sha256, sizeBytes, jobId },
    })
    .from(evidence)
    .leftJoin(evidenceVersions, isLatest)
    .where(eq(evidence.id, evidenceId));
  if (!row?.sourceUrl) return null;
  return { ...row, sourceUrl: row.sourceUrl, validators: readValidators(row.validators) };
}

/**
 * Stores the fetched file. Resolves to the current version and whether it is new, or to null if the evidence was
 * deleted or its source was replaced.
 */
export function storeSynced(
  db: Db,
  by: Syncing,
  file: StoredFile & { fetchedFrom: string },
  validators: Validators,
) {
  return changeSynced(db, by, async (tx, found) => {
    await tx.update(evidence).set({ validators }).where(eq(evidence.id, found.id));
    const stored = await storeVersion(tx, found, { ...file, jobId: by.jobId });
    if (stored.changed && found.latest > 0) {
      const { sha256, sizeBytes } = file;
      await record(tx, { ...found, ...by }, 'evidence.changed', {
        version: stored.number,
        sha256,
        sizeBytes,
      });
    }
    await announceEvidenceChange(tx, [found.id], by.traceparent);
    return stored;
  });
}

/**
 * Records a check for which the source answered that nothing changed. Resolves to the version, or to null if the sync
 * must fetch the bytes: the source was replaced, or the evidence has a problem that only the bytes can fix.
 */
export function recordUnchanged(db: Db, by: Syncing) {
  return changeSynced(db, by, async (tx, { id, problem }) => {
    if (problem !== null) return null;
    await tx.update(evidence).set(checkedNow).where(eq(evidence.id, id));
    await announceEvidenceChange(tx, [id], by.traceparent);
    const { number, sha256, sizeBytes } = evidenceVersions;
    const [version] = await tx
      .select({ number, sha256, sizeBytes })
      .from(evidence)
      .innerJoin(evidenceVersions, isLatest)
      .where(eq(evidence.id, id));
    return version ?? null;
  });
}

/**
 * Records that the source is gone permanently (410) or missing (404). Resolves to whether the evidence is now broken:
 * immediately after a 410, but only after an hour of 404.
 */
export async function recordMissing(db: Db, by: Syncing, status: 404 | 410): Promise<boolean> {
  const isBroken = await changeSynced(db, by, async (tx, found) => {
    const { id, problem, isOverdue } = found;
    if (problem === 'source-vanished') return true;
    if (status === 404 && !isOverdue) {
      await tx
        .update(evidence)
        .set({
          missingSince: sql`coalesce(${evidence.missingSince}, now())`,
          nextSyncAt: sql`coalesce(${evidence.missingSince}, now()) + make_interval(secs => ${graceSeconds})`,
        })
        .where(eq(evidence.id, id));
      return false;
    }
    await tx
      .update(evidence)
      .set({
        problem: 'source-vanished',
        validators: null,
        nextSyncAt: sql`now() + make_interval(secs => ${goneSeconds})`,
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(evidence.id, id));
    await record(tx, { ...found, ...by }, 'evidence.vanished', { version: found.latest, status });
    await announceEvidenceChange(tx, [id], by.traceparent);
    return true;
  });
  return isBroken === true;
}

type Found = NonNullable<Awaited<ReturnType<typeof lockSynced>>>;

async function lockSynced(tx: Db, evidenceId: string) {
  const [found] = await tx
    .select({
      id: evidence.id,
      portfolioId: evidence.portfolioId,
      portfolio: portfolios.slug,
      slug: evidence.slug,
      latest: evidence.latest,
      sourceUrl: evidence.sourceUrl,
      shownUrl: sourceAddress(outsideReader),
      problem: evidence.problem,
      isOverdue: sql<boolean>`coalesce(${evidence.missingSince} <= now() - make_interval(secs => ${graceSeconds}), false)`,
    })
    .from(evidence)
    .innerJoin(portfolios, eq(portfolios.id, evidence.portfolioId))
    .where(eq(evidence.id, evidenceId))
    .for('no key update', { of: evidence });
  return found;
}

function changeSynced<Result>(
  db: Db,
  { evidenceId, sourceUrl, requireLease }: Syncing,
  change: (tx: Db, found: Found) => Promise<Result>,
): Promise<Result | null> {
  return db.transaction(async (tx) => {
    await requireLease(tx);
    const found = await lockSynced(tx, evidenceId);
    if (found?.sourceUrl !== sourceUrl) return null;
    const result = await change(tx, found);
    await announceChange(tx, found.portfolio);
    return result;
  });
}

function record(
  tx: Db,
  { portfolioId, slug, shownUrl, traceparent }: Found & Pick<Syncing, 'traceparent'>,
  type: 'evidence.changed' | 'evidence.vanished',
  data: object,
) {
  // Messages leave the platform: they contain what outside readers may see.
  const event = { portfolioId, type, data: { evidence: slug, sourceUrl: shownUrl, ...data } };
  return recordWebhookEvent(tx, event, traceparent);
}
