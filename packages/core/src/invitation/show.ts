import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { people } from '../person/person.sql.ts';
import { iso } from '../sql.ts';
import { noSuchInvitation, tenantOfInvitation } from './internal.ts';
import { invitations } from './invitation.sql.ts';
import { invitationOfferSchema, invitationSecret } from './schemas.ts';
import { hashOfSecret } from './secret.ts';

/** A mutation, so that the secret is in a body and not in an address, and the audit log says who has opened the link. */
export const showInvitation = operation({
  name: 'invitation.show',
  kind: 'mutation',
  summary:
    'Show the holder of a link what it is an invitation to. It changes nothing but the audit log of the portfolio.',
  scope: 'portfolio:read',
  public: false,
  input: z.strictObject(invitationSecret),
  output: invitationOfferSchema,
  tenant: tenantOfInvitation,
  async run({ db }, { secret }, tenant) {
    const [found] = await db
      .select({
        id: invitations.id,
        role: invitations.role,
        invitedBy: people.name,
        expiresAt: iso(invitations.expiresAt),
      })
      .from(invitations)
      .leftJoin(people, eq(people.id, invitations.madeBy))
      .where(eq(invitations.secretHash, hashOfSecret(secret)));
    if (!found) throw noSuchInvitation();
    return { ...found, portfolio: tenant.slug, portfolioName: tenant.name };
  },
});
