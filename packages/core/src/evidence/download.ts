import { and, eq, inArray, notExists, sql } from 'drizzle-orm';
import type { Bucket, Db } from '../context.ts';
import { jobs } from '../job/job.sql.ts';
import { evidenceDownloads } from './evidence.sql.ts';
import { type DownloadPart, readParts } from './schemas.ts';
import type { RequireLease } from './sync-source.ts';

export type Download = typeof evidenceDownloads.$inferSelect;

/** The partial download of earlier attempts of a job, or null. */
export async function findDownload(db: Db, jobId: string): Promise<Download | null> {
  const [found] = await db.select().from(evidenceDownloads).where(eq(evidenceDownloads.jobId, jobId));
  return found ? { ...found, parts: readParts(found.parts) } : null;
}

/** Stores a new download without parts. */
export function beginDownload(db: Db, requireLease: RequireLease, download: Download): Promise<void> {
  return db.transaction(async (tx) => {
    await requireLease(tx);
    await tx.insert(evidenceDownloads).values(download);
  });
}

/** Records the key of a part before it is written, so that the part can be removed after a crash. */
export function announcePart(db: Db, requireLease: RequireLease, jobId: string, key: string): Promise<void> {
  const keys = sql`array_append(${evidenceDownloads.keys}, ${key})`;
  return change(db, requireLease, jobId, { keys });
}

/** Records a part that was written to the bucket. */
export function recordPart(
  db: Db,
  requireLease: RequireLease,
  jobId: string,
  part: DownloadPart,
): Promise<void> {
  const parts = sql`${evidenceDownloads.parts} || ${JSON.stringify([part])}::jsonb`;
  return change(db, requireLease, jobId, { parts });
}

function change(db: Db, requireLease: RequireLease, jobId: string, values: object): Promise<void> {
  return db.transaction(async (tx) => {
    await requireLease(tx);
    await tx.update(evidenceDownloads).set(values).where(eq(evidenceDownloads.jobId, jobId));
  });
}

/** Removes a job's download and its parts, if it has one and the attempt still holds the job. */
export async function removeDownload(
  { db, bucket }: { db: Db; bucket: Bucket },
  requireLease: RequireLease,
  jobId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    await requireLease(tx);
    const [download] = await tx
      .delete(evidenceDownloads)
      .where(eq(evidenceDownloads.jobId, jobId))
      .returning({ keys: evidenceDownloads.keys });
    await removeParts(bucket, download?.keys ?? []);
  });
}

/** Call it in a transaction, so that a failure keeps the record of the parts. */
async function removeParts(bucket: Bucket, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => bucket.remove(key)));
}

/**
 * Removes up to 20 downloads, with their parts, whose job has finished or no longer exists. Any number of workers may
 * call it concurrently. Resolves to the number of removed downloads.
 */
export function removeAbandonedDownloads({ db, bucket }: { db: Db; bucket: Bucket }): Promise<number> {
  const unfinished = db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(eq(jobs.id, evidenceDownloads.jobId), inArray(jobs.state, ['queued', 'running'])));
  return db.transaction(async (tx) => {
    const abandoned = await tx
      .select({ jobId: evidenceDownloads.jobId, keys: evidenceDownloads.keys })
      .from(evidenceDownloads)
      .where(notExists(unfinished))
      .limit(20)
      .for('update', { skipLocked: true });
    for (const { jobId, keys } of abandoned) {
      await removeParts(bucket, keys);
      await tx.delete(evidenceDownloads).where(eq(evidenceDownloads.jobId, jobId));
    }
    return abandoned.length;
  });
}
