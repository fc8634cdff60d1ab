import type { Role } from '../actor.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { keepFromErasure } from '../person/keep-from-erasure.ts';
import type { Tenant } from '../tenancy.ts';
import { beginMembership } from './membership.ts';

/** Makes a person a member. Throws `conflict` for one who is, and `unauthenticated` for one who was erased meanwhile. */
export async function joinPortfolio(db: Db, tenant: Tenant, personId: string, role: Role): Promise<void> {
  await keepFromErasure(db, personId);
  const membership = { portfolioId: tenant.id, personId };
  if (!(await beginMembership(db, membership, { role, fromGroup: false })))
    throw new AppError('conflict', `You are already a member of portfolio "${tenant.slug}".`);
}
