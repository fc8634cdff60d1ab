import { sql } from 'drizzle-orm';
import type { Bucket, Db } from '../context.ts';
import { deletedMeanwhile } from '../stored-object.ts';
import { removableObjects } from './removable-object.sql.ts';

/**
 * Wraps a bucket so that each object is recorded as removable before it is stored: a reference to it must be committed
 * within a day. The insert waits for a concurrent removal of the same key, so that the removal comes first. `put` rejects
 * with `unavailable` if the same object was removed meanwhile, and has what it stored removed as well.
 */
export function trackPuts<Store extends Bucket>(bucket: Store, db: Db): Store {
  return {
    ...bucket,
    async put(key, body, about, signal) {
      await db
        .insert(removableObjects)
        .values({ key })
        .onConflictDoUpdate({ target: removableObjects.key, set: { since: sql`now()`, atOnce: false } });
      signal?.throwIfAborted();
      await bucket.put(key, body, about, signal);
      const forgotten = await db
        .insert(removableObjects)
        .values({ key, atOnce: true })
        .onConflictDoNothing()
        .returning({ key: removableObjects.key });
      if (forgotten.length > 0) throw deletedMeanwhile();
    },
  };
}
