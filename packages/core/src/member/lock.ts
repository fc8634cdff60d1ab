import { and, eq, ne } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import type { Tenant } from '../tenancy.ts';
import { requireVersion } from '../version.ts';
import { memberNotFound } from './internal.ts';

/**
 * Holds a member until the transaction ends: `not_found` or `precondition_failed` otherwise. Changes of a portfolio's
 * members wait for each other, so that of two owners who leave at once the second one sees that it is the last.
 */
export async function lockMember(db: Db, tenant: Tenant, subject: string, expected: number | '*') {
  await db
    .select({ id: portfolios.id })
    .from(portfolios)
    .where(eq(portfolios.id, tenant.id))
    .for('no key update');
  const [found] = await db
    .select({ role: members.role, version: members.version })
    .from(members)
    .where(isMember(tenant, subject))
    .for('update');
  if (!found) throw memberNotFound(tenant, subject);
  requireVersion(found, expected);
  return found;
}

export const isMember = (tenant: Tenant, subject: string) =>
  and(eq(members.portfolioId, tenant.id), eq(members.subject, subject));

/** Throws `conflict` where nobody but `subject` owns the portfolio. Call it while a member is locked. */
export async function requireAnotherOwner(db: Db, tenant: Tenant, subject: string): Promise<void> {
  const [other] = await db
    .select({ subject: members.subject })
    .from(members)
    .where(and(eq(members.portfolioId, tenant.id), eq(members.role, 'owner'), ne(members.subject, subject)))
    .limit(1);
  if (other) return;
  throw new AppError(
    'conflict',
    `"${subject}" is the last owner of portfolio "${tenant.slug}"; make another member its owner first.`,
  );
}
