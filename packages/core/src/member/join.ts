import { and, eq, isNull } from 'drizzle-orm';
import type { Role } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { people } from '../person/person.sql.ts';
import { formerMembers, members } from '../portfolio/portfolio.sql.ts';
import type { Tenant } from '../tenancy.ts';

/** Makes a person a member. Throws `conflict` for one who is, and `unauthenticated` for one who was erased meanwhile. */
export async function joinPortfolio(db: Db, tenant: Tenant, personId: string, role: Role): Promise<void> {
  const [person] = await db
    .select({ id: people.id })
    .from(people)
    .where(and(eq(people.id, personId), isNull(people.erasedAt)))
    .for('key share');
  if (!person) throw new AppError('unauthenticated', 'This person was erased. Sign in again.');
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
