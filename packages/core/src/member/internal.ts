import { and, eq, sql } from 'drizzle-orm';
import { type Actor, type Role, roleScopes } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { members, portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';

/** The public fields of a member; the query must join its portfolio. */
export const memberFields = {
  portfolio: portfolios.slug,
  subject: members.subject,
  role: members.role,
  version: members.version,
  createdAt: iso(members.createdAt),
};

const bySubject = prepared((db) =>
  db
    .select(memberFields)
    .from(members)
    .innerJoin(portfolios, eq(portfolios.id, members.portfolioId))
    .where(
      and(
        eq(members.portfolioId, sql.placeholder('portfolioId')),
        eq(members.subject, sql.placeholder('subject')),
      ),
    )
    .prepare('member_by_subject'),
);

/** The member of the portfolio with this subject. Throws `not_found`. */
export async function fetchMember({ db }: Pick<Ctx, 'db'>, tenant: Tenant, subject: string) {
  const [found] = await bySubject(db).execute({ portfolioId: tenant.id, subject });
  if (!found) throw memberNotFound(tenant, subject);
  return found;
}

export function memberNotFound({ slug }: Tenant, subject: string): AppError {
  return new AppError('not_found', `Portfolio "${slug}" has no member "${subject}".`);
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
