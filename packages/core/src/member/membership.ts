import { and, eq } from 'drizzle-orm';
import type { Role } from '../actor.ts';
import type { Db } from '../context.ts';
import { formerMembers, members } from '../portfolio/portfolio.sql.ts';

export type Membership = { portfolioId: string; personId: string };

export const isOf = ({ portfolioId, personId }: Membership) =>
  and(eq(members.portfolioId, portfolioId), eq(members.personId, personId));

/** Makes a person a member, whose tokens that were revoked before stay revoked. Resolves to false for one who is already. */
export async function beginMembership(
  db: Db,
  membership: Membership,
  about: { role: Role; fromGroup: boolean },
): Promise<boolean> {
  const { portfolioId, personId } = membership;
  const [former] = await db
    .delete(formerMembers)
    .where(and(eq(formerMembers.portfolioId, portfolioId), eq(formerMembers.personId, personId)))
    .returning({ tokensNotBefore: formerMembers.tokensNotBefore });
  const added = await db
    .insert(members)
    .values({ ...membership, ...about, ...former })
    .onConflictDoNothing()
    .returning({ id: members.personId });
  return added.length > 0;
}

/** Ends a membership, and remembers which tokens of the person are revoked. Call it while the member is locked. */
export async function endMembership(
  db: Db,
  membership: Membership,
  { tokensNotBefore }: { tokensNotBefore: string | null },
): Promise<void> {
  if (tokensNotBefore !== null) await db.insert(formerMembers).values({ ...membership, tokensNotBefore });
  await db.delete(members).where(isOf(membership));
}
