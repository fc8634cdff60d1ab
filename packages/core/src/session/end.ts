import { type SQL, and, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { isOpen } from './internal.ts';
import { sessions } from './session.sql.ts';

/** Ends open sessions. Resolves to their number. */
export async function endSessions(db: Db, which: SQL): Promise<number> {
  const ended = await db
    .update(sessions)
    .set({ endedAt: sql`now()` })
    .where(and(which, isOpen))
    .returning({ id: sessions.id });
  return ended.length;
}
