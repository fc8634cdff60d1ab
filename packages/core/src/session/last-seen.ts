import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { prepared } from '../sql.ts';
import { sessions } from './session.sql.ts';

/** Ids of sessions whose use is being recorded: concurrent writes would only wait for each other. */
const recording = new Set<string>();

/** True if a use within the last minute is recorded. */
export const isRecorded = sql<boolean>`${sessions.lastSeenAt} > now() - interval '1 minute'`;

const recordNow = prepared((db) =>
  db
    .update(sessions)
    .set({ lastSeenAt: sql`now()`, address: sql`${sql.placeholder('address')}` })
    .where(and(eq(sessions.id, sql.placeholder('id')), sql`not ${isRecorded}`))
    .prepare('session_record_use'),
);

/** Records in the background that an address used a session. If this fails, the next use is recorded instead. */
export function recordUse(db: Db, id: string, address: string): void {
  if (recording.has(id)) return;
  recording.add(id);
  void recordNow(db)
    .execute({ id, address })
    .catch(() => {})
    .finally(() => recording.delete(id));
}
