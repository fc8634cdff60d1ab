import { and, inArray, lt, sql } from 'drizzle-orm';
import type { Bucket, Db } from '../context.ts';
import { inBatches } from '../batches.ts';
import { stagingKey } from './keys.ts';
import { formLifetimeMinutes } from './schemas.ts';
import { uploads } from './upload.sql.ts';

/**
 * Deletes used and expired uploads with their files; resolves to their number. It waits until the form has expired, since
 * a file could be sent until then. Workers may do so concurrently.
 */
export function removeExpiredUploads(
  { db, bucket }: { db: Db; bucket: Bucket },
  signal: AbortSignal,
): Promise<number> {
  return inBatches(100, signal, (size) =>
    db.transaction(async (tx) => {
      const expired = await tx
        .select({ id: uploads.id, portfolioId: uploads.portfolioId })
        .from(uploads)
        .where(
          and(
            lt(uploads.expiresAt, sql`now()`),
            lt(uploads.createdAt, sql`now() - make_interval(mins => ${formLifetimeMinutes})`),
          ),
        )
        .limit(size)
        .for('update', { skipLocked: true });
      await Promise.all(expired.map(({ id, portfolioId }) => bucket.remove(stagingKey(portfolioId, id))));
      const ids = expired.map(({ id }) => id);
      await tx.delete(uploads).where(inArray(uploads.id, ids));
      return ids.length;
    }),
  );
}
