import { and, eq, sql } from 'drizzle-orm';
import { type Actor, type Role, roleScopes } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { people } from '../person/person.sql.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';

/** The public fields of a member; the query must join its portfolio and its person. */
export const memberFields = {
  portfolio: portfolios.slug,
  id: members.personId,
  subject: people.subject,
  issuer: people.issuer,
  name: people.name,
  role: members.role,
  signedInAt: isoOrNull(people.signedInAt),
  version: members.version,
  createdAt: iso(members.createdAt),
};

const byId = prepared((db) =>
  db
    .select(memberFields)
    .from(members)
    .innerJoin(people, eq(people.id, members.personId))
    .innerJoin(portfolios, eq(portfolios.id, members.portfolioId))
    .where(
      and(
        eq(members.portfolioId, sql.placeholder('portfolioId')),
        eq(members.personId, sql.placeholder('personId')),
      ),
    )
    .prepare('member_by_id'),
);

/** The member of the portfolio with this id. Throws `not_found`. */
export async function fetchMember({ db }: Pick<Ctx, 'db'>, tenant: Tenant, personId: string) {
  const [found] = await byId(db).execute({ portfolioId: tenant.id, personId });
  if (!found) throw memberNotFound(tenant, personId);
  return found;
}

export function memberNotFound({ slug }: Tenant, personId: string): AppError {
  return new AppError('not_found', `Portfolio "${slug}" has no member "${personId}".`);
}

/** Throws `forbidden` if the credential lacks scopes of the role: it could otherwise grant them to itself. */
export function requireMayGrant(actor: Actor, role: Role): void {
  const own: readonly string[] = actor.kind === 'anonymous' ? [] : actor.scopes;
  const lacking = roleScopes[role].filter((scope) => !own.includes(scope));
  if (lacking.length === 0) return;
  throw new AppError(
    'forbidden',
    `The role "${role}" has scopes that your credential lacks: ${lacking.join(', ')}. Use a credential with these scopes.`,
  );
}
