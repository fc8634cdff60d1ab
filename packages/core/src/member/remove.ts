import { z } from 'zod';
import type { Actor } from '../actor.ts';
import { endKeysMadeBy } from '../api-key/end.ts';
import { operation } from '../operation.ts';
import { type TenantResolver, personOf, tenantBySlug } from '../tenancy.ts';
import { expectedVersion } from '../version.ts';
import { lockMember, requireAnotherOwner, requireNotFromGroup } from './lock.ts';
import { endMembership } from './membership.ts';
import { memberRef } from './schemas.ts';

const leaves = (actor: Actor, { member }: { member: string }) => member === personOf(actor);

/** Owners can remove any member; every member can leave. */
const tenantToLeave: TenantResolver<{ portfolio: string; member: string }> = (ctx, input, needs) =>
  tenantBySlug(ctx, input, leaves(ctx.actor, input) ? { ...needs, scope: 'portfolio:read' } : needs);

export const removeMember = operation({
  name: 'member.remove',
  kind: 'mutation',
  summary:
    'Remove a member, or leave a portfolio; the keys that the member made for it end. The last owner cannot be removed.',
  scope: 'portfolio:write',
  recentSignIn: { unless: leaves },
  public: false,
  input: z.strictObject({ ...memberRef, ...expectedVersion }),
  output: z.null(),
  tenant: tenantToLeave,
  async run({ db, noteDetails }, { member, expectedVersion: expected }, tenant) {
    const found = await lockMember(db, tenant, member, expected);
    requireNotFromGroup(found, member);
    if (found.role === 'owner') await requireAnotherOwner(db, tenant, member);
    await endKeysMadeBy(db, tenant.id, member);
    await endMembership(db, { portfolioId: tenant.id, personId: member }, found);
    noteDetails({ role: { before: found.role, after: null } });
    return null;
  },
});
