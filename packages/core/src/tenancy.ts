import { type SQL, and, eq, sql } from 'drizzle-orm';
import { type Actor, type Scope, roleScopes } from './actor.ts';
import type { Ctx, Db } from './context.ts';
import { AppError } from './errors.ts';
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
  const [access] = await accessBySlug(ctx.db).execute({ key: portfolio, subject: subjectOf(ctx.actor) });
  return authorize(ctx.actor, access, needs, `There is no portfolio "${portfolio}".`);
};

/** The tenant that the job `input.id` belongs to. */
export const tenantOfJob: TenantResolver<{ id: string }> = async (ctx, { id }, needs) => {
  const [access] = await accessByJob(ctx.db).execute({ key: id, subject: subjectOf(ctx.actor) });
  // Jobs are visible to members only, also in a public portfolio.
  const hidden = access && { ...access, isPublic: false };
  return authorize(ctx.actor, hidden, needs, `There is no job "${id}".`);
};

/** The subject of a user; empty for portfolio keys and anonymous readers, which have no row in `members`. */
export function subjectOf(actor: Actor): string {
  return actor.kind === 'user' ? actor.subject : '';
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
  ).prepare('tenant_of_job'),
);

function selectAccess(db: Db, where: SQL) {
  return db
    .select({
      id: portfolios.id,
      slug: portfolios.slug,
      name: portfolios.name,
      role: members.role,
      isPublic: isVisible.portfolio,
    })
    .from(portfolios)
    .leftJoin(
      members,
      and(eq(members.portfolioId, portfolios.id), eq(members.subject, sql.placeholder('subject'))),
    )
    .where(where);
}

type Access = Awaited<ReturnType<ReturnType<typeof accessBySlug>['execute']>>[number];

/** Decides whether an actor may call an operation in a portfolio. Every decision is made here. */
function authorize(actor: Actor, access: Access | undefined, needs: Needs, notFound: string): Tenant {
  if (!access) throw new AppError('not_found', notFound);
  const { id, slug, name } = access;
  const belongs = actor.kind === 'portfolio-key' ? actor.portfolioId === id : access.role !== null;
  const lacking = scopesOf(needs).find((scope) => !allows(actor, access, scope));
  if (belongs && lacking === undefined) return { id, slug, name, isMember: true };
  if (needs.public && access.isPublic) return { id, slug, name, isMember: false };
  // Non-members must not learn that a portfolio exists before it has published something.
  if (!belongs && !access.isPublic) throw new AppError('not_found', notFound);
  throw new AppError(
    'forbidden',
    `${needs.name} in portfolio "${slug}" requires the scope ${lacking ?? needs.scope}, which this role or credential lacks.`,
  );
}

function allows(actor: Actor, { role }: Access, scope: Scope): boolean {
  if (actor.kind === 'anonymous' || !actor.scopes.includes(scope)) return false;
  return actor.kind === 'portfolio-key' || (role !== null && roleScopes[role].includes(scope));
}
