import { and, inArray, lt, sql } from 'drizzle-orm';
import type { Bucket, Db } from '../context.ts';
import { inBatches } from '../batches.ts';
import { stagingKey } from './keys.ts';
import { formLifetimeMinutes } from './schemas.ts';
import { uploads } from './upload.sql.ts';

/**
 * Removes uploads that were used or never taken, with their bytes; resolves to how many. Not before the form has
 * expired, or bytes could come after. Any number of workers may do this at once.
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
