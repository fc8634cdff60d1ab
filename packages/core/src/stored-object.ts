import { eq, sql } from 'drizzle-orm';
import type { Db } from './context.ts';
import { AppError } from './errors.ts';
import { removableObjects } from './removable-object/removable-object.sql.ts';

/**
 * Throws `unavailable` if an object that was stored for this change has been removed since, because the last that
 * referred to the same bytes was deleted. Until the transaction ends, it is not removed.
 */
export async function requireStored(tx: Db, key: string): Promise<void> {
  const recorded = await tx
    .select({ key: removableObjects.key })
    .from(removableObjects)
    .where(eq(removableObjects.key, key))
    .for('key share');
  if (recorded.length > 0) return;
  throw deletedMeanwhile();
}

export const deletedMeanwhile = () =>
  new AppError('unavailable', 'The same file was deleted at this moment. Retry the request.');

/** Has an object removed by the schedule, with all its versions, unless something still refers to it. */
export async function removeAtOnce(tx: Db, key: string): Promise<void> {
  await tx
    .insert(removableObjects)
    .values({ key, atOnce: true })
    .onConflictDoUpdate({ target: removableObjects.key, set: { since: sql`now()`, atOnce: true } });
}
