import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { apiKeys } from './api-key.sql.ts';

/** Ids of keys whose use is being recorded: concurrent writes would only wait for each other. */
const recording = new Set<string>();

/** True if a use within the last minute is recorded. */
export const isRecorded = sql<boolean>`coalesce(${apiKeys.lastUsedAt} > now() - interval '1 minute', false)`;

const recordNow = prepared((db) =>
  db
    .update(apiKeys)
    .set({ lastUsedAt: sql`now()`, lastUsedAddress: sql`${sql.placeholder('address')}` })
    .where(and(eq(apiKeys.id, sql.placeholder('id')), isNull(apiKeys.revokedAt), sql`not ${isRecorded}`))
    .prepare('api_key_record_use'),
);

/** Records in the background that an address used a key. If that fails, the next use is recorded instead. */
export function recordUse(db: Db, id: string, address: string): void {
  if (recording.has(id)) return;
  recording.add(id);
  void recordNow(db)
    .execute({ id, address })
    .catch(() => {})
    .finally(() => recording.delete(id));
}
