import { sql } from 'drizzle-orm';
import { inBatches } from '../batches.ts';
import type { Db } from '../context.ts';
import { hasExpired } from './internal.ts';
import { pendingMinutes } from './pending.ts';
import { pendingSignIns, sessions } from './session.sql.ts';

/** Deletes the sessions that have expired, and the sign-ins that nobody has completed. Resolves to their number. */
export async function removeExpiredSessions(db: Db, signal: AbortSignal): Promise<number> {
  const expired = await inBatches(1000, signal, async (size) => {
    const deleted = await db.execute(sql`
      delete from ${sessions} where ctid = any(array(
        select ctid from ${sessions} where ${hasExpired} limit ${size} for update skip locked))`);
    return deleted.count;
  });
  const abandoned = await inBatches(1000, signal, async (size) => {
    const deleted = await db.execute(sql`
      delete from ${pendingSignIns} where ctid = any(array(
        select ctid from ${pendingSignIns}
        where ${pendingSignIns.createdAt} <= now() - make_interval(mins => ${pendingMinutes})
        order by ${pendingSignIns.createdAt} limit ${size} for update skip locked))`);
    return deleted.count;
  });
  return expired + abandoned;
}
