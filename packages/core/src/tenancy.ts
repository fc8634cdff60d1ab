import { type SQL, and, eq, isNull, sql } from 'drizzle-orm';
import { type Actor, type AnyScope, type Role, type Scope, roleScopes, scopeSchema } from './actor.ts';
import type { Ctx, Db } from './context.ts';
import { AppError, Refusal } from './errors.ts';
import { findFormer, moved } from './former-slug.ts';
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
export type Needs = {
  name: string;
  scope: AnyScope | null;
  shows?: readonly AnyScope[] | undefined;
  public: boolean;
};

/** The scopes that a credential must have to call an operation. */
export const scopesOf = ({ scope, shows = [] }: Pick<Needs, 'scope' | 'shows'>): AnyScope[] => [
  ...new Set([...(scope === null ? [] : [scope]), ...shows]),
];

export type TenantResolver<Input, Found = Tenant> = (
  ctx: Pick<Ctx, 'db' | 'actor'>,
  input: Input,
  needs: Needs,
) => Promise<Found>;

/** The tenant with the slug `input.portfolio`. */
export const tenantBySlug: TenantResolver<{ portfolio: string }> = async (ctx, { portfolio }, needs) => {
  const [access] = await accessBySlug(ctx.db).execute({ key: portfolio, ...memberValues(ctx.actor) });
  if (!access) await requireNotMoved(ctx, portfolio, needs);
  return authorize(ctx.actor, access, needs, noPortfolio(portfolio));
};

const noPortfolio = (slug: string) => `There is no portfolio "${slug}".`;

/** Throws `moved` if a portfolio had this slug before in which the caller may do the same. */
async function requireNotMoved({ db, actor }: Pick<Ctx, 'db' | 'actor'>, slug: string, needs: Needs) {
  const id = await findFormer(db, 'portfolio', '', slug);
  if (id === undefined) return;
  const [access] = await accessById(db).execute({ key: id, ...memberValues(actor) });
  const present = authorize(actor, access, needs, noPortfolio(slug));
  throw moved(`The portfolio "${slug}"`, 'portfolio', present.slug);
}

/** The tenant with the slug `input.portfolio`, in the bin. Only those find it there who may write it: its owners. */
export const binnedBySlug: TenantResolver<{ portfolio: string }> = async (ctx, { portfolio }, needs) => {
  const [found] = await binnedAccessBySlug(ctx.db).execute({ key: portfolio, ...memberValues(ctx.actor) });
  const notFound = `There is no portfolio "${portfolio}" in the bin.`;
  return authorize(ctx.actor, found && { ...found, isPublic: false }, needs, notFound);
};

/** The portfolio that a call of an operator is about, if it is about a single one. Operators belong to none. */
export const portfolioOfOperator: TenantResolver<
  { portfolio?: string | undefined },
  Tenant | undefined
> = async ({ db }, { portfolio }) => {
  if (portfolio === undefined) return undefined;
  const [found] = await bySlug(db).execute({ slug: portfolio });
  if (!found) throw new AppError('not_found', `There is no portfolio "${portfolio}".`);
  return { ...found, isMember: false, scopes: [] };
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

const bySlug = prepared((db) =>
  db
    .select({ id: portfolios.id, slug: portfolios.slug, name: portfolios.name })
    .from(portfolios)
    .where(eq(portfolios.slug, sql.placeholder('slug')))
    .prepare('portfolio_of_operator'),
);

const accessBySlug = prepared((db) =>
  selectAccess(db, eq(portfolios.slug, sql.placeholder('key'))).prepare('tenant_by_slug'),
);

const accessById = prepared((db) =>
  selectAccess(db, eq(portfolios.id, sql.placeholder('key'))).prepare('tenant_by_id'),
);

const binnedAccessBySlug = prepared((db) =>
  selectAccess(db, eq(portfolios.slug, sql.placeholder('key')), { isBinned: true }).prepare(
    'tenant_in_bin_by_slug',
  ),
);

const accessByJob = prepared((db) =>
  selectAccess(
    db,
    eq(
      portfolios.id,
      sql`(select ${jobs.portfolioId} from ${jobs} where ${jobs.id} = ${sql.placeholder('key')})`,
    ),
    { kind: sql`(select ${jobs.kind} from ${jobs} where ${jobs.id} = ${sql.placeholder('key')})` },
  ).prepare('tenant_of_job'),
);

/** True for a portfolio that its owners can still take out of the bin. */
const isInBin = sql`${portfolios.binnedAt} is not null and ${portfolios.purgeAt} > now()`;

function selectAccess(db: Db, where: SQL, { kind = sql`null::text`, isBinned = false } = {}) {
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
    .where(and(where, isBinned ? isInBin : isNull(portfolios.binnedAt)));
}

type Access = Awaited<ReturnType<ReturnType<typeof accessBySlug>['execute']>>[number];

/** Decides whether an actor may call an operation in a portfolio. Every decision is made here. */
function authorize(actor: Actor, access: Access | undefined, needs: Needs, notFound: string): Tenant {
  if (!access) throw new AppError('not_found', notFound);
  const { id, slug, name } = access;
  const belongs = actor.kind === 'portfolio-key' ? actor.portfolioId === id : access.role !== null;
  const scopes = belongs ? scopesIn(actor, access.role) : [];
  const lacking = lackingOf(scopesOf(needs), scopes);
  if (lacking === undefined) return { id, slug, name, isMember: true, scopes };
  if (needs.public && access.isPublic) return { id, slug, name, isMember: false, scopes: [] };
  // Non-members must not learn that a portfolio exists before it has published something.
  if (!belongs && !access.isPublic) throw new Refusal('not_found', notFound, { portfolioId: id });
  throw lacks(needs, { id, slug }, lacking);
}

/** The first of the needed scopes that is not among those that the caller has. */
const lackingOf = (needed: readonly AnyScope[], scopes: readonly AnyScope[]) =>
  needed.find((scope) => !scopes.includes(scope));

/** The refusal of a caller that lacks a scope in a portfolio that it may know of. */
const lacks = ({ name }: Pick<Needs, 'name'>, { id, slug }: Pick<Tenant, 'id' | 'slug'>, scope: AnyScope) =>
  new Refusal(
    'forbidden',
    `${name} in portfolio "${slug}" requires the scope ${scope}, which this role or credential lacks.`,
    { portfolioId: id },
  );

/** Throws `forbidden` unless the caller has these scopes as well, which depend on what the operation is about. */
export function requireAlso(needs: Pick<Needs, 'name'>, tenant: Tenant, scopes: readonly AnyScope[]): void {
  const lacking = lackingOf(scopes, tenant.scopes);
  if (lacking !== undefined) throw lacks(needs, tenant, lacking);
}

/** The scopes that an actor has in a portfolio to which it belongs: those of its credential, as far as its role goes. */
export function scopesIn(actor: Actor, role: Role | null): readonly Scope[] {
  if (actor.kind === 'anonymous') return [];
  const all = actor.kind === 'portfolio-key' ? scopeSchema.options : [];
  const ofRole: readonly AnyScope[] = role === null ? all : roleScopes[role];
  return actor.scopes.filter((scope): scope is Scope => ofRole.includes(scope));
}
