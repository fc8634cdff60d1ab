import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { isPlatform, roleSchema } from '../actor.ts';
import { lockKeysOf } from '../api-key/lock.ts';
import { lineageOf } from '../api-key/make.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { requireMayGrant } from '../member/internal.ts';
import { operation } from '../operation.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { line, slugSchema } from '../text.ts';
import { fetchInvitation, isOpen } from './internal.ts';
import { invitations } from './invitation.sql.ts';
import { newInvitationSchema } from './schemas.ts';
import { hashOfSecret, newInvitationSecret } from './secret.ts';

export const createInvitation = operation({
  name: 'invitation.create',
  kind: 'mutation',
  summary:
    'Invite a person to a portfolio, as viewer, editor or owner. Whoever opens the link first and signs in becomes a ' +
    'member. The link is shown only once.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    role: roleSchema,
    label: line(100).optional().describe('Whom it is for, to tell invitations apart.'),
    expiresInDays: z.int().min(1).max(30).default(7),
  }),
  output: newInvitationSchema,
  tenant: tenantBySlug,
  holdsSecret: true,
  async run({ actor, db, noteDetails }, { role, label, expiresInDays }, tenant) {
    requireMayGrant(actor, role);
    await lockKeysOf(db, { portfolioId: tenant.id });
    if (!isPlatform(actor)) await requireRoom(db, tenant);
    const [id, secret] = [newId('invitation'), newInvitationSecret()];
    const { madeBy, madeWith, tokenIssuedAt } = lineageOf(actor);
    await db.insert(invitations).values({
      id,
      portfolioId: tenant.id,
      role,
      label: label ?? null,
      secretHash: hashOfSecret(secret),
      madeBy,
      madeWith,
      tokenIssuedAt,
      expiresAt: sql`now() + make_interval(days => ${expiresInDays})`,
    });
    const made = await fetchInvitation(db, tenant, id);
    // Its maker may have lost the role, or the credential, since the call was admitted.
    if (made.state !== 'open') throw new AppError('forbidden', 'Only owners of the portfolio may invite.');
    noteDetails({ role: { before: null, after: role } });
    return { ...made, link: `/join#${secret}` };
  },
});

/** The number of open invitations that a portfolio can have. */
const maxOpen = 100;

async function requireRoom(db: Db, { id }: Tenant): Promise<void> {
  const open = await db.$count(invitations, and(eq(invitations.portfolioId, id), isOpen));
  if (open < maxOpen) return;
  throw new AppError(
    'conflict',
    `The portfolio has ${maxOpen} open invitations, the most there can be. Revoke one first.`,
  );
}
