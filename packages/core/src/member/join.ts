import { and, eq } from 'drizzle-orm';
import type { Role } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { keepFromErasure } from '../person/keep-from-erasure.ts';
import { formerMembers, members } from '../portfolio/portfolio.sql.ts';
import type { Tenant } from '../tenancy.ts';

/** Makes a person a member. Throws `conflict` for one who is, and `unauthenticated` for one who was erased meanwhile. */
export async function joinPortfolio(db: Db, tenant: Tenant, personId: string, role: Role): Promise<void> {
  await keepFromErasure(db, personId);
  const [former] = await db
    .delete(formerMembers)
    .where(and(eq(formerMembers.portfolioId, tenant.id), eq(formerMembers.personId, personId)))
    .returning({ tokensNotBefore: formerMembers.tokensNotBefore });
  const added = await db
    .insert(members)
    .values({ portfolioId: tenant.id, personId, role, ...former })
    .onConflictDoNothing()
    .returning({ id: members.personId });
  if (added.length === 0)
    throw new AppError('conflict', `You are already a member of portfolio "${tenant.slug}".`);
}
