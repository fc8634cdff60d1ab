import { and, eq } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { requireStored } from '../stored-object.ts';
import { contentKey } from '../upload/keys.ts';
import type { StoredFile } from '../upload/schemas.ts';
import { checkedNow } from './freshness.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';

type VersionFile = StoredFile & { fetchedFrom: string | null; jobId?: string | null };

/**
 * Adds a stored file as the newest version of evidence; the transaction must have locked its row. Identical bytes add
 * no version, but count as a check. Both clear the problem. The caller must call `announceEvidenceChange`.
 */
export async function storeVersion(
  tx: Db,
  { id, latest, portfolioId }: { id: string; latest: number; portfolioId: string },
  { fetchedFrom, jobId = null, ...file }: VersionFile,
): Promise<{ number: number; changed: boolean }> {
  const isLatest = and(eq(evidenceVersions.evidenceId, id), eq(evidenceVersions.number, latest));
  const [before] = await tx
    .select({ sha256: evidenceVersions.sha256 })
    .from(evidenceVersions)
    .where(isLatest);
  const changed = before?.sha256 !== file.sha256;
  const number = changed ? latest + 1 : latest;
  if (changed) {
    await requireStored(tx, contentKey('evidence', portfolioId, file.sha256));
    await tx.insert(evidenceVersions).values({ evidenceId: id, number, fetchedFrom, jobId, ...file });
  }
  await tx
    .update(evidence)
    .set({ latest: number, ...checkedNow })
    .where(eq(evidence.id, id));
  return { number, changed };
}
