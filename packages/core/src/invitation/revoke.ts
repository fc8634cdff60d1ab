import { and, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { fetchInvitation } from './internal.ts';
import { invitations } from './invitation.sql.ts';

export const revokeInvitation = operation({
  name: 'invitation.revoke',
  kind: 'mutation',
  summary: 'Revoke an invitation that nobody has accepted. Revoking it again changes nothing.',
  scope: 'portfolio:write',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, id: idOf('invitation') }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { id }, tenant) {
    await db
      .update(invitations)
      .set({ revokedAt: sql`now()` })
      .where(
        and(
          eq(invitations.portfolioId, tenant.id),
          eq(invitations.id, id),
          isNull(invitations.acceptedAt),
          isNull(invitations.revokedAt),
        ),
      );
    // After the update, which waits for whoever accepts it.
    const { state } = await fetchInvitation(db, tenant, id);
    if (state === 'accepted')
      throw new AppError('conflict', 'This invitation was accepted. Remove the member instead.');
    return null;
  },
});
