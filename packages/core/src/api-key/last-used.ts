import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { apiKeys } from './api-key.sql.ts';

/** Of the ids of keys: more than one write at a time would only wait for each other. */
const beingNoted = new Set<string>();

/** True where the last use is known to the minute. */
export const isNoted = sql<boolean>`coalesce(${apiKeys.lastUsedAt} > now() - interval '1 minute', false)`;

const noteNow = prepared((db) =>
  db
    .update(apiKeys)
    .set({ lastUsedAt: sql`now()` })
    .where(and(eq(apiKeys.id, sql.placeholder('id')), isNull(apiKeys.revokedAt), sql`not ${isNoted}`))
    .prepare('api_key_note_use'),
);

/** Notes in the background that a key was used. Where that fails, the next use is noted instead. */
export function noteUse(db: Db, id: string): void {
  if (beingNoted.has(id)) return;
  beingNoted.add(id);
  void noteNow(db)
    .execute({ id })
    .catch(() => {})
    .finally(() => beingNoted.delete(id));
}
