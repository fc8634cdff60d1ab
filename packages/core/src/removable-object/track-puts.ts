import { sql } from 'drizzle-orm';
import type { Bucket, Db } from '../context.ts';
import { removableObjects } from './removable-object.sql.ts';

/**
 * The bucket, where each object is noted as removable before it is stored. From then on who stores it has a day to
 * commit what refers to it. A removal of the same key that is under way is waited for, so that it comes first.
 */
export function trackPuts<Store extends Bucket>(bucket: Store, db: Db): Store {
  return {
    ...bucket,
    async put(key, body, about, signal) {
      await db
        .insert(removableObjects)
        .values({ key })
        .onConflictDoUpdate({ target: removableObjects.key, set: { since: sql`now()` } });
      signal?.throwIfAborted();
      return bucket.put(key, body, about, signal);
    },
  };
}
