import { and, eq, inArray, isNull, or, sql } from 'drizzle-orm';
import type { Actor, Role } from '../actor.ts';
import { endKeysMadeBy } from '../api-key/end.ts';
import { recordAction } from '../change.ts';
import type { Db } from '../context.ts';
import { people } from '../person/person.sql.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { nextVersion } from '../version.sql.ts';
import { hasAnotherOwner } from './lock.ts';
import { type Membership, beginMembership, endMembership, isOf } from './membership.ts';

/** The role that groups give in each portfolio, by its slug. */
export type GroupRoles = Readonly<Record<string, Role>>;

/** What an issuer has said about the groups of a person, and when. */
type Groups = { personId: string; roles: GroupRoles; issuedAt: Date };

/**
 * Makes, changes and removes the memberships that groups give to a person, unless something newer was applied before.
 * Members who were not added by a group stay as they are. Resolves to the slugs of portfolios where the person stays an owner
 * because no other owner has signed in.
 */
export async function syncGroups(db: Db, groups: Groups): Promise<string[]> {
  const { personId, roles, issuedAt } = groups;
  return db.transaction(async (tx) => {
    // Before the person: an erasure locks them in this order.
    const locked = await lockPortfolios(tx, groups);
    const newer = await tx
      .update(people)
      .set({ groupRoles: roles, groupsAt: issuedAt.toISOString() })
      .where(
        and(
          eq(people.id, personId),
          isNull(people.erasedAt),
          sql`coalesce(${people.groupsAt} <= ${issuedAt.toISOString()}::timestamptz, true)`,
        ),
      )
      .returning({ id: people.id });
    if (newer.length === 0) return [];
    const kept: string[] = [];
    for (const { id, slug } of locked) {
      const isDone = await applyRole(tx, { portfolioId: id, personId }, roles[slug] ?? null);
      if (!isDone) kept.push(slug);
    }
    return kept;
  });
}

/** The portfolios that the groups name, and those that they named before. Changes of members lock them likewise. */
function lockPortfolios(tx: Db, { personId, roles }: Groups) {
  const byGroup = tx
    .select({ id: members.portfolioId })
    .from(members)
    .where(and(eq(members.personId, personId), eq(members.fromGroup, true)));
  return tx
    .select({ id: portfolios.id, slug: portfolios.slug })
    .from(portfolios)
    .where(or(inArray(portfolios.slug, Object.keys(roles)), inArray(portfolios.id, byGroup)))
    .orderBy(portfolios.id)
    .for('no key update');
}

/** Returns false where the only owner who has signed in would be lost. */
async function applyRole(tx: Db, membership: Membership, role: Role | null): Promise<boolean> {
  const [found] = await tx
    .select({
      role: members.role,
      fromGroup: members.fromGroup,
      tokensNotBefore: members.tokensNotBefore,
    })
    .from(members)
    .where(isOf(membership))
    .for('update');
  if (found?.fromGroup === false || (found?.role ?? null) === role) return true;
  if (found?.role === 'owner' && !(await hasAnotherOwner(tx, membership))) return false;
  if (found?.role === 'owner') await endKeysMadeBy(tx, membership.portfolioId, membership.personId);
  if (role === null) await endMembership(tx, membership, found!);
  else if (found) await tx.update(members).set({ role, version: nextVersion }).where(isOf(membership));
  else await beginMembership(tx, membership, { role, fromGroup: true });
  await recordChange(tx, membership, { before: found?.role ?? null, after: role });
  return true;
}

async function recordChange(
  tx: Db,
  { portfolioId, personId }: Membership,
  role: { before: Role | null; after: Role | null },
) {
  const actor: Actor = { kind: 'user', id: personId, scopes: [], expiresAt: null };
  const action = {
    action: 'member.syncGroups',
    raw: { member: personId },
    tenant: { id: portfolioId },
    details: { role },
  };
  await recordAction({ db: tx, actor }, action);
}
