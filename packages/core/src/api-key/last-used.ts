import { and, eq, isNull, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { recordFirstSignIn } from '../person/identify.ts';
import { prepared } from '../sql.ts';
import { apiKeys } from './api-key.sql.ts';

/** Ids of keys whose use is being recorded: concurrent writes would only wait for each other. */
const recording = new Set<string>();

/** True if a use within the last minute is recorded. */
export const isRecorded = sql<boolean>`coalesce(${apiKeys.lastUsedAt} > now() - interval '1 minute', false)`;

async function record(
  db: Db,
  { id, personId, address }: { id: string; personId: string | null; address: string },
) {
  await recordNow(db).execute({ id, address });
  if (personId !== null) await recordFirstSignIn(db, personId);
}

const recordNow = prepared((db) =>
  db
    .update(apiKeys)
    .set({ lastUsedAt: sql`now()`, lastUsedAddress: sql`${sql.placeholder('address')}` })
    .where(and(eq(apiKeys.id, sql.placeholder('id')), isNull(apiKeys.revokedAt), sql`not ${isRecorded}`))
    .prepare('api_key_record_use'),
);

/**
 * Records in the background that an address used a key, and that its person, if it is a personal one, has proved to be
 * that. If this fails, the next use is recorded instead.
 */
export function recordUse(
  db: Db,
  { id, personId }: { id: string; personId: string | null },
  address: string,
): void {
  if (recording.has(id)) return;
  recording.add(id);
  void record(db, { id, personId, address })
    .catch(() => {})
    .finally(() => recording.delete(id));
}
