import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { lockKeysOf } from '../api-key/lock.ts';
import { fetchMember } from '../member/internal.ts';
import { joinPortfolio } from '../member/join.ts';
import { memberSchema } from '../member/schemas.ts';
import { operation } from '../operation.ts';
import { personOf } from '../tenancy.ts';
import { isOpen, noSuchInvitation, tenantOfInvitation } from './internal.ts';
import { invitations } from './invitation.sql.ts';
import { invitationSecret } from './schemas.ts';
import { hashOfSecret } from './secret.ts';

export const acceptInvitation = operation({
  name: 'invitation.accept',
  kind: 'mutation',
  summary: 'Become a member of the portfolio that an invitation is for. It can be accepted once.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  public: false,
  input: z.strictObject(invitationSecret),
  output: memberSchema,
  tenant: tenantOfInvitation,
  async run(ctx, { secret }, tenant) {
    const { db } = ctx;
    const person = personOf(ctx.actor);
    // Whoever ends the ownership of its maker holds the same lock.
    await lockKeysOf(db, { portfolioId: tenant.id });
    const [accepted] = await db
      .update(invitations)
      .set({ acceptedBy: person, acceptedAt: sql`now()` })
      .where(and(eq(invitations.secretHash, hashOfSecret(secret)), isOpen))
      .returning({ role: invitations.role });
    if (!accepted) throw noSuchInvitation();
    await joinPortfolio(db, tenant, person, accepted.role);
    ctx.noteDetails({ role: { before: null, after: accepted.role } });
    return fetchMember(ctx, tenant, person);
  },
});
