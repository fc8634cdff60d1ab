import { type SQL, and, eq, sql } from 'drizzle-orm';
import { type Actor, type Role, type Scope, roleScopes } from './actor.ts';
import type { Ctx, Db } from './context.ts';
import { AppError, Refusal } from './errors.ts';
import { jobs } from './job/job.sql.ts';
import { members, portfolios } from './portfolio/portfolio.sql.ts';
import { prepared } from './sql.ts';
import { isVisible } from './visibility.ts';

/** The portfolio that an operation works in. Non-members see what visibility.ts allows, and change nothing. */
export type Tenant = {
  id: string;
  slug: string;
  name: string;
  /** True for a member, or a key, of the portfolio whose role and scopes allow the operation. Others are readers. */
  isMember: boolean;
  /** The scopes that the caller has here, by role and by credential; none as a reader. */
  scopes: readonly Scope[];
};

/** What an operation demands of its caller. */
export type Needs = { name: string; scope: Scope; shows?: readonly Scope[] | undefined; public: boolean };

/** The scopes that a credential must have to call an operation. */
export const scopesOf = ({ scope, shows = [] }: Pick<Needs, 'scope' | 'shows'>): Scope[] => [
  ...new Set([scope, ...shows]),
];

export type TenantResolver<Input> = (
  ctx: Pick<Ctx, 'db' | 'actor'>,
  input: Input,
  needs: Needs,
) => Promise<Tenant>;

/** The tenant with the slug `input.portfolio`. */
export const tenantBySlug: TenantResolver<{ portfolio: string }> = async (ctx, { portfolio }, needs) => {
  const [access] = await accessBySlug(ctx.db).execute({ key: portfolio, ...memberValues(ctx.actor) });
  return authorize(ctx.actor, access, needs, `There is no portfolio "${portfolio}".`);
};

/** The tenant that the job `input.id` belongs to, and its kind, which may demand more scopes: see `tenantOfJob`. */
export async function portfolioOfJob(ctx: Pick<Ctx, 'db' | 'actor'>, { id }: { id: string }, needs: Needs) {
  const [access] = await accessByJob(ctx.db).execute({ key: id, ...memberValues(ctx.actor) });
  // Jobs are visible to members only, also in a public portfolio.
  const hidden = access && { ...access, isPublic: false };
  return { ...authorize(ctx.actor, hidden, needs, `There is no job "${id}".`), kind: access!.kind! };
}

/** The id of a person; empty for portfolio keys and anonymous readers, which have no row in `members`. */
export function personOf(actor: Actor): string {
  return actor.kind === 'user' ? actor.id : '';
}

/** True where a token, or the key that it made, still acts for a member: issued at that time, null for no token. */
export const isGoodToken = (issuedAt: SQL): SQL =>
  sql`(${issuedAt}::timestamptz > ${members.tokensNotBefore}) is not false`;

/** True for the membership of an actor. Its placeholders get `memberValues(actor)`. */
export const isOwnMembership: SQL = and(
  eq(members.personId, sql.placeholder('personId')),
  isGoodToken(sql`${sql.placeholder('tokenIssuedAt')}`),
)!;

/** The placeholder values of `isOwnMembership`. */
export function memberValues(actor: Actor) {
  const issuedAt = actor.kind === 'user' ? actor.credential?.tokenIssuedAt : undefined;
  return { personId: personOf(actor), tokenIssuedAt: issuedAt?.toISOString() ?? null };
}

const accessBySlug = prepared((db) =>
  selectAccess(db, eq(portfolios.slug, sql.placeholder('key'))).prepare('tenant_by_slug'),
);

const accessByJob = prepared((db) =>
  selectAccess(
    db,
    eq(
      portfolios.id,
      sql`(select ${jobs.portfolioId} from ${jobs} where ${jobs.id} = ${sql.placeholder('key')})`,
    ),
    sql`(select ${jobs.kind} from ${jobs} where ${jobs.id} = ${sql.placeholder('key')})`,
  ).prepare('tenant_of_job'),
);

function selectAccess(db: Db, where: SQL, kind = sql`null::text`) {
  return db
    .select({
      id: portfolios.id,
      slug: portfolios.slug,
      name: portfolios.name,
      role: members.role,
      isPublic: isVisible.portfolio,
      kind: sql<string | null>`${kind}`,
    })
    .from(portfolios)
    .leftJoin(members, and(eq(members.portfolioId, portfolios.id), isOwnMembership))
    .where(where);
}

type Access = Awaited<ReturnType<ReturnType<typeof accessBySlug>['execute']>>[number];

/** Decides whether an actor may call an operation in a portfolio. Every decision is made here. */
function authorize(actor: Actor, access: Access | undefined, needs: Needs, notFound: string): Tenant {
  if (!access) throw new AppError('not_found', notFound);
  const { id, slug, name } = access;
  const belongs = actor.kind === 'portfolio-key' ? actor.portfolioId === id : access.role !== null;
  const scopes = belongs ? scopesIn(actor, access.role) : [];
  const lacking = scopesOf(needs).find((scope) => !scopes.includes(scope));
  if (lacking === undefined) return { id, slug, name, isMember: true, scopes };
  if (needs.public && access.isPublic) return { id, slug, name, isMember: false, scopes: [] };
  // Non-members must not learn that a portfolio exists before it has published something.
  if (!belongs && !access.isPublic) throw new Refusal('not_found', notFound, { portfolioId: id });
  throw lacks(needs, { id, slug }, lacking);
}

/** The refusal of a caller that lacks a scope in a portfolio that it may know of. */
const lacks = ({ name }: Pick<Needs, 'name'>, { id, slug }: Pick<Tenant, 'id' | 'slug'>, scope: Scope) =>
  new Refusal(
    'forbidden',
    `${name} in portfolio "${slug}" requires the scope ${scope}, which this role or credential lacks.`,
    { portfolioId: id },
  );

/** Throws `forbidden` unless the caller has these scopes as well, which depend on what the operation is about. */
export function requireAlso(needs: Pick<Needs, 'name'>, tenant: Tenant, scopes: readonly Scope[]): void {
  const lacking = scopes.find((scope) => !tenant.scopes.includes(scope));
  if (lacking !== undefined) throw lacks(needs, tenant, lacking);
}

/** The scopes that an actor has in a portfolio to which it belongs: those of its credential, as far as its role goes. */
export function scopesIn(actor: Actor, role: Role | null): readonly Scope[] {
  if (actor.kind === 'anonymous') return [];
  if (actor.kind === 'portfolio-key') return actor.scopes;
  return actor.scopes.filter((scope) => role !== null && roleScopes[role].includes(scope));
}
