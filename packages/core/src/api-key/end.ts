import { type SQL, and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { invitations } from '../invitation/invitation.sql.ts';
import { apiKeys } from './api-key.sql.ts';
import { isLive } from './internal.ts';

/** Whether a key ends with the other one, or was made by it at all, as one is that a key has made to replace itself. */
const descends = {
  endsWith: sql`child.parent_id = ending.id`,
  madeWith: sql`(child.parent_id = ending.id or child.made_with = ending.id)`,
};

/**
 * Locks keys and all that descend from them, in the order of their ids. Whoever makes a key locks the one that makes
 * it: once a repetition finds no more of them, none is missing and none can be added. `alone` is one more key to lock.
 */
export async function lockWithDescendants(
  db: Db,
  roots: SQL,
  { by, alone = null }: { by: keyof typeof descends; alone?: string | null },
): Promise<string[]> {
  let known = 0;
  for (;;) {
    const found = await db.execute<{ id: string }>(sql`
      with recursive ending as (
        select ${apiKeys.id} from ${apiKeys} where ${roots}
        union
        select child.id from ${apiKeys} as child join ending on ${descends[by]})
      select id from ${apiKeys} where id in (select id from ending) or id = ${alone} order by id for update`);
    if (found.length <= known) return found.map(({ id }) => id);
    known = found.length;
  }
}

/**
 * Revokes keys and all that were made with them, also those with which they replaced themselves: whoever has stolen a
 * key would keep access that way. Resolves to the number of those that were still good.
 */
export async function endKeys(db: Db, roots: SQL): Promise<number> {
  const ids = await lockWithDescendants(db, roots, { by: 'madeWith' });
  const ended = await db
    .update(apiKeys)
    .set({ revokedAt: sql`now()` })
    .where(and(inArray(apiKeys.id, ids), isNull(apiKeys.revokedAt)))
    .returning({ wasLive: sql<boolean>`coalesce(${apiKeys.expiresAt} > now(), true)` });
  return ended.filter(({ wasLive }) => wasLive).length;
}

/**
 * Ends the keys and the invitations that a person, who ceases to be an owner, has made for a portfolio. Call it while the
 * member is locked.
 */
export async function endKeysMadeBy(db: Db, portfolioId: string, personId: string): Promise<void> {
  await endKeys(db, and(eq(apiKeys.portfolioId, portfolioId), eq(apiKeys.madeBy, personId))!);
  const { madeBy, acceptedAt, revokedAt } = invitations;
  await db
    .update(invitations)
    .set({ revokedAt: sql`now()` })
    .where(
      and(
        eq(invitations.portfolioId, portfolioId),
        eq(madeBy, personId),
        isNull(acceptedAt),
        isNull(revokedAt),
      ),
    );
}

/** Lets keys and all that were made with them end after some time, where they do not end earlier. */
export async function endKeysLater(db: Db, roots: SQL, seconds: number): Promise<void> {
  const ids = await lockWithDescendants(db, roots, { by: 'endsWith' });
  await db
    .update(apiKeys)
    .set({ expiresAt: sql`least(${apiKeys.expiresAt}, now() + make_interval(secs => ${seconds}))` })
    .where(and(inArray(apiKeys.id, ids), isLive));
}

/** Whether one key was made with another, in whatever generation. */
export async function isMadeWith(db: Db, id: string, other: string): Promise<boolean> {
  const found = await db.execute(sql`
    with recursive ancestors as (
      select parent_id from ${apiKeys} where id = ${id}
      union
      select parent.parent_id from ${apiKeys} as parent join ancestors on parent.id = ancestors.parent_id)
    select from ancestors where parent_id = ${other}`);
  return found.length > 0;
}
