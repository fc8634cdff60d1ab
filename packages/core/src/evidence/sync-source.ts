import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { announceChange } from '../published.ts';
import type { StoredFile } from '../upload/schemas.ts';
import { nextVersion } from '../version.sql.ts';
import { recordWebhookEvent } from '../webhook/record.ts';
import { announceEvidenceChange } from './change-listeners.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import { checkedNow } from './freshness.ts';
import { storeVersion } from './store-version.ts';
import { type Validators, readValidators } from './schemas.ts';

/** A source that answers 404 counts as gone when it still does so after this time: once may be a hiccup. */
const graceSeconds = 3600;
/** A source that is gone is looked for again so often. */
const goneSeconds = 86_400;

/** Lets a transaction through only while the attempt that it belongs to holds its job; it throws otherwise. */
export type Held = (tx: Db) => Promise<void>;

/** What may be written, and by whom: `sourceUrl` is where the attempt has looked. */
export type Syncing = { evidenceId: string; sourceUrl: string; jobId: string; held: Held };

const isLatest = and(
  eq(evidenceVersions.evidenceId, evidence.id),
  eq(evidenceVersions.number, evidence.latest),
);

/** What a sync needs to know of evidence; null if it is gone or has no source. For workers: no actor asks here. */
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
 * Keeps what was fetched. Resolves to the version that the evidence has now, and whether it is new; to null where the
 * evidence is gone or has another source by now.
 */
export function storeSynced(
  db: Db,
  by: Syncing,
  file: StoredFile & { fetchedFrom: string },
  validators: Validators,
) {
  return changeSynced(db, by, async (tx, found) => {
    await tx.update(evidence).set({ validators }).where(eq(evidence.id, found.id));
    const kept = await storeVersion(tx, found, { ...file, jobId: by.jobId });
    if (kept.changed && found.latest > 0) {
      const { sha256, sizeBytes } = file;
      await record(tx, found, 'evidence.changed', { version: kept.number, sha256, sizeBytes });
    }
    await announceEvidenceChange(tx, [found.id]);
    return kept;
  });
}

/**
 * Counts the source's word that nothing has changed as a check. Resolves to the version, and to null where the word is
 * of no use: the evidence has another source by now, or a problem, which only the bytes would mend.
 */
export function recordUnchanged(db: Db, by: Syncing) {
  return changeSynced(db, by, async (tx, { id, problem }) => {
    if (problem !== null) return null;
    await tx.update(evidence).set(checkedNow).where(eq(evidence.id, id));
    await announceEvidenceChange(tx, [id]);
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
 * Notes that the source has no such thing: for good (410), or at present (404). Resolves to whether the evidence is
 * broken by that: a missing source counts as gone once it has been missing for an hour.
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
    await record(tx, found, 'evidence.vanished', { version: found.latest, status });
    await announceEvidenceChange(tx, [id]);
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
  { evidenceId, sourceUrl, held }: Syncing,
  change: (tx: Db, found: Found) => Promise<Result>,
): Promise<Result | null> {
  return db.transaction(async (tx) => {
    await held(tx);
    const found = await lockSynced(tx, evidenceId);
    if (found?.sourceUrl !== sourceUrl) return null;
    const result = await change(tx, found);
    await announceChange(tx, found.portfolio);
    return result;
  });
}

function record(tx: Db, found: Found, type: 'evidence.changed' | 'evidence.vanished', data: object) {
  const { portfolioId, slug, sourceUrl } = found;
  return recordWebhookEvent(tx, { portfolioId, type, data: { evidence: slug, sourceUrl, ...data } });
}
