import { type SQL, and, eq, isNull, sql } from 'drizzle-orm';
import { apiKeys, tokenEnds } from '../api-key/api-key.sql.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, prepared } from '../sql.ts';
import { type Tenant, type TenantResolver, isGoodToken } from '../tenancy.ts';
import { hashOfSecret } from './secret.ts';
import { invitations } from './invitation.sql.ts';

const isOfOwner = sql`(${invitations.madeBy} is null or exists (
  select from ${members}
  where ${members.portfolioId} = ${invitations.portfolioId} and ${members.personId} = ${invitations.madeBy}
    and ${members.role} = 'owner' and ${isGoodToken(sql`${invitations.tokenIssuedAt}`)}))`;

const isOfEndedCredential = sql`(exists (
  select from ${apiKeys}
  where ${apiKeys.id} = ${invitations.madeWith} and (${apiKeys.revokedAt} is not null or ${apiKeys.expiresAt} <= now()))
or exists (
  select from ${tokenEnds}
  where ${tokenEnds.personId} = ${invitations.madeBy} and ${tokenEnds.notBefore} >= ${invitations.tokenIssuedAt}))`;

/**
 * True for an invitation that can be accepted. It ends with the ownership of its maker, and with the credential that made
 * it, as a key does: whoever has stolen one would keep access that way.
 */
export const isOpen: SQL = sql`(${invitations.acceptedAt} is null and ${invitations.revokedAt} is null
  and ${invitations.expiresAt} > now() and ${isOfOwner} and not ${isOfEndedCredential})`;

/** The public fields of an invitation; the query must join its portfolio. */
export const invitationFields = {
  id: invitations.id,
  portfolio: portfolios.slug,
  role: invitations.role,
  label: invitations.label,
  state: sql<'open' | 'accepted' | 'expired' | 'revoked'>`case
    when ${invitations.acceptedAt} is not null then 'accepted'
    when ${isOpen} then 'open'
    when ${invitations.revokedAt} is null and ${invitations.expiresAt} <= now() then 'expired'
    else 'revoked' end`,
  madeBy: invitations.madeBy,
  createdAt: iso(invitations.createdAt),
  expiresAt: iso(invitations.expiresAt),
  acceptedBy: invitations.acceptedBy,
  acceptedAt: isoOrNull(invitations.acceptedAt),
};

const byId = prepared((db) =>
  db
    .select(invitationFields)
    .from(invitations)
    .innerJoin(portfolios, eq(portfolios.id, invitations.portfolioId))
    .where(
      and(
        eq(invitations.portfolioId, sql.placeholder('portfolioId')),
        eq(invitations.id, sql.placeholder('id')),
      ),
    )
    .prepare('invitation_by_id'),
);

/** An invitation of the portfolio. Throws `not_found`. */
export async function fetchInvitation(db: Db, tenant: Tenant, id: string) {
  const [found] = await byId(db).execute({ portfolioId: tenant.id, id });
  if (!found) throw new AppError('not_found', `Portfolio "${tenant.slug}" has no invitation "${id}".`);
  return found;
}

const tenantByHash = prepared((db) =>
  db
    .select({ id: portfolios.id, slug: portfolios.slug, name: portfolios.name })
    .from(invitations)
    .innerJoin(portfolios, eq(portfolios.id, invitations.portfolioId))
    .where(and(eq(invitations.secretHash, sql.placeholder('hash')), isNull(portfolios.binnedAt), isOpen))
    .prepare('tenant_of_invitation'),
);

export const noSuchInvitation = () =>
  new AppError(
    'not_found',
    'There is no such invitation, or it was accepted, was revoked or has expired. Ask for a new one.',
  );

/** The portfolio of an open invitation, for whoever holds its secret: that is what admits a person who is no member. */
export const tenantOfInvitation: TenantResolver<{ secret: string }> = async ({ actor, db }, { secret }) => {
  if (actor.kind !== 'user')
    throw new AppError(
      'forbidden',
      'Only people can be invited. Use the key or token of a user, or sign in.',
    );
  const [found] = await tenantByHash(db).execute({ hash: hashOfSecret(secret) });
  if (!found) throw noSuchInvitation();
  return { ...found, isMember: false, scopes: [] };
};
