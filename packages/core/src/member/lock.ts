import { and, eq, isNotNull, ne } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { people } from '../person/person.sql.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import type { Tenant } from '../tenancy.ts';
import { requireVersion } from '../version.ts';
import { type Membership, isOf } from './membership.ts';
import { memberNotFound } from './internal.ts';

/**
 * Locks a member until the transaction ends. Throws `not_found` or `precondition_failed`. It also locks the portfolio,
 * so that changes of members are serialized: of two owners who leave concurrently, the second sees that it is the last.
 */
export async function lockMember(db: Db, tenant: Tenant, member: string, expected: number | '*') {
  await db
    .select({ id: portfolios.id })
    .from(portfolios)
    .where(eq(portfolios.id, tenant.id))
    .for('no key update');
  const [found] = await db
    .select({
      role: members.role,
      version: members.version,
      fromGroup: members.fromGroup,
      tokensNotBefore: members.tokensNotBefore,
    })
    .from(members)
    .where(isMember(tenant, member))
    .for('update');
  if (!found) throw memberNotFound(tenant, member);
  requireVersion(found, expected);
  return found;
}

/** Throws `conflict` for a member whom a group has added, and would add again. */
export function requireNotFromGroup({ fromGroup }: { fromGroup: boolean }, member: string): void {
  if (!fromGroup) return;
  throw new AppError(
    'conflict',
    `"${member}" is a member by a group of the issuer. Change the groups of the person there.`,
  );
}

export const isMember = (tenant: Tenant, member: string) =>
  isOf({ portfolioId: tenant.id, personId: member });

/**
 * Whether a portfolio has another owner who has ever signed in: one of a mistyped subject could not act. Call it while
 * the portfolio is locked.
 */
export async function hasAnotherOwner(db: Db, { portfolioId, personId }: Membership): Promise<boolean> {
  const [other] = await db
    .select({ id: members.personId })
    .from(members)
    .innerJoin(people, eq(people.id, members.personId))
    .where(
      and(
        eq(members.portfolioId, portfolioId),
        eq(members.role, 'owner'),
        ne(members.personId, personId),
        isNotNull(people.signedInAt),
      ),
    )
    .limit(1);
  return other !== undefined;
}

/** Throws `conflict` unless the portfolio has another owner who has ever signed in. Call it while the member is locked. */
export async function requireAnotherOwner(db: Db, tenant: Tenant, member: string): Promise<void> {
  if (await hasAnotherOwner(db, { portfolioId: tenant.id, personId: member })) return;
  throw new AppError(
    'conflict',
    `"${member}" is the last owner of portfolio "${tenant.slug}" who has signed in. Make another member an owner first.`,
  );
}
