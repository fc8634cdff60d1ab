import { eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { announceChange } from '../published.ts';
import type { StoredFile } from '../upload/schemas.ts';
import { nextVersion } from '../version.sql.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import { keepVersion } from './keep-version.ts';

/** What a sync needs to know of evidence; null if it is gone or has no source. For workers: no actor asks here. */
export async function fetchSyncSource(db: Db, evidenceId: string) {
  const [row] = await db
    .select({
      slug: evidence.slug,
      sourceUrl: evidence.sourceUrl,
      problem: evidence.problem,
      sha256: sql<string | null>`(
        select ${evidenceVersions.sha256} from ${evidenceVersions}
        where ${evidenceVersions.evidenceId} = ${evidence.id} and ${evidenceVersions.number} = ${evidence.latest})`,
    })
    .from(evidence)
    .innerJoin(portfolios, eq(portfolios.id, evidence.portfolioId))
    .where(eq(evidence.id, evidenceId));
  return row?.sourceUrl ? { ...row, sourceUrl: row.sourceUrl } : null;
}

/**
 * Keeps what was fetched from `sourceUrl`. Resolves to the version that the evidence has now, and whether it is new;
 * to null where the evidence is gone or has another source by now.
 */
export function keepSynced(
  db: Db,
  { evidenceId, sourceUrl }: { evidenceId: string; sourceUrl: string },
  file: StoredFile & { fetchedFrom: string },
) {
  return changeSynced(db, evidenceId, sourceUrl, (tx, found) => keepVersion(tx, found, file));
}

/** Notes that the source is gone, unless the evidence has another one by now. */
export async function keepVanished(db: Db, evidenceId: string, sourceUrl: string): Promise<void> {
  await changeSynced(db, evidenceId, sourceUrl, (tx, { id }) =>
    tx
      .update(evidence)
      .set({ problem: 'source-vanished', version: nextVersion, updatedAt: sql`now()` })
      .where(eq(evidence.id, id)),
  );
}

type Found = { id: string; latest: number };

function changeSynced<Result>(
  db: Db,
  evidenceId: string,
  sourceUrl: string,
  change: (tx: Db, found: Found) => Promise<Result>,
): Promise<Result | null> {
  return db.transaction(async (tx) => {
    const [found] = await tx
      .select({
        id: evidence.id,
        latest: evidence.latest,
        sourceUrl: evidence.sourceUrl,
        portfolio: portfolios.slug,
      })
      .from(evidence)
      .innerJoin(portfolios, eq(portfolios.id, evidence.portfolioId))
      .where(eq(evidence.id, evidenceId))
      .for('update', { of: evidence });
    if (found?.sourceUrl !== sourceUrl) return null;
    const result = await change(tx, found);
    await announceChange(tx, found.portfolio);
    return result;
  });
}
