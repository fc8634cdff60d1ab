import { and, eq, inArray, notExists, sql } from 'drizzle-orm';
import type { Bucket, Db } from '../context.ts';
import { jobs } from '../job/job.sql.ts';
import { evidenceDownloads } from './evidence.sql.ts';
import { type DownloadPart, readParts } from './schemas.ts';
import type { Held } from './sync-source.ts';

export type Download = typeof evidenceDownloads.$inferSelect;

/** What earlier attempts of a job have fetched, or null. */
export async function findDownload(db: Db, jobId: string): Promise<Download | null> {
  const [found] = await db.select().from(evidenceDownloads).where(eq(evidenceDownloads.jobId, jobId));
  return found ? { ...found, parts: readParts(found.parts) } : null;
}

/** Begins a download, which has no parts yet. */
export function beginDownload(db: Db, held: Held, download: Download): Promise<void> {
  return db.transaction(async (tx) => {
    await held(tx);
    await tx.insert(evidenceDownloads).values(download);
  });
}

/** Notes in `keys` where a part is about to be written, so that it can be removed whatever happens. */
export function announcePart(db: Db, held: Held, jobId: string, key: string): Promise<void> {
  const keys = sql`array_append(${evidenceDownloads.keys}, ${key})`;
  return change(db, held, jobId, { keys });
}

/** Adds a part that is in the bucket. */
export function keepPart(db: Db, held: Held, jobId: string, part: DownloadPart): Promise<void> {
  const parts = sql`${evidenceDownloads.parts} || ${JSON.stringify([part])}::jsonb`;
  return change(db, held, jobId, { parts });
}

function change(db: Db, held: Held, jobId: string, values: object): Promise<void> {
  return db.transaction(async (tx) => {
    await held(tx);
    await tx.update(evidenceDownloads).set(values).where(eq(evidenceDownloads.jobId, jobId));
  });
}

/** Removes the download of a job, if there is one, with its parts: those alone that were there while the job was held. */
export async function removeDownload(
  { db, bucket }: { db: Db; bucket: Bucket },
  held: Held,
  jobId: string,
): Promise<void> {
  await db.transaction(async (tx) => {
    await held(tx);
    const [download] = await tx
      .delete(evidenceDownloads)
      .where(eq(evidenceDownloads.jobId, jobId))
      .returning({ keys: evidenceDownloads.keys });
    await removeParts(bucket, download?.keys ?? []);
  });
}

/** Within a transaction, so that what could not be removed is still known. */
async function removeParts(bucket: Bucket, keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => bucket.remove(key)));
}

/**
 * Removes up to 20 downloads whose job has ended or is gone, with their parts; resolves to how many. Any number of
 * workers may do this at once.
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
