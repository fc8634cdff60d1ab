import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { endKeysMadeBy } from '../api-key/end.ts';
import { operation } from '../operation.ts';
import { members } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { expectedVersion } from '../version.ts';
import { fetchMember, requireMayGrant } from './internal.ts';
import { isMember, lockMember, requireAnotherOwner, requireNotFromGroup } from './lock.ts';
import { memberRef, memberSchema } from './schemas.ts';

export const updateMember = operation({
  name: 'member.update',
  kind: 'mutation',
  summary:
    'Change the role of a member. The keys that an owner made end with that role; the last owner must remain an owner.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({ ...memberRef, role: roleSchema, ...expectedVersion }),
  output: memberSchema,
  tenant: tenantBySlug,
  async run(ctx, { member, role, expectedVersion: expected }, tenant) {
    requireMayGrant(ctx.actor, role);
    const found = await lockMember(ctx.db, tenant, member, expected);
    requireNotFromGroup(found, member);
    if (found.role === 'owner' && role !== 'owner') {
      await requireAnotherOwner(ctx.db, tenant, member);
      await endKeysMadeBy(ctx.db, tenant.id, member);
    }
    await ctx.db.update(members).set({ role, version: nextVersion }).where(isMember(tenant, member));
    ctx.noteDetails({ role: { before: found.role, after: role } });
    return fetchMember(ctx, tenant, member);
  },
});
