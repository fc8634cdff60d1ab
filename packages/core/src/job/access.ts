import { type SQL, type SQLWrapper, sql } from 'drizzle-orm';
import type { Actor, AnyScope } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { ownPortfolios } from '../own-portfolios.ts';
import { type Tenant, type TenantResolver, portfolioOfJob, requireAlso, scopesOf } from '../tenancy.ts';
import { jobNotFound } from './internal.ts';
import { type JobKind, accessTo, jobKindSchema } from './kinds.ts';

/** Whether the holder of these scopes may read or change jobs of a kind, if it may do so with jobs at all. */
export function mayUse(kind: JobKind, to: 'read' | 'write', scopes: readonly AnyScope[]): boolean {
  const needed = accessTo(kind)?.[to];
  return needed === undefined || scopes.includes(needed);
}

/** The kinds whose jobs a credential may read where its role allows it. */
export const readableKinds = (actor: Actor): JobKind[] =>
  jobKindSchema.options.filter((kind) => actor.kind !== 'anonymous' && mayUse(kind, 'read', actor.scopes));

/**
 * The tenant that the job `input.id` belongs to. Who may not read jobs of its kind gets `not_found`; who may, but not
 * change them, `forbidden`.
 */
export const tenantOfJob: TenantResolver<{ id: string }> = async (ctx, { id }, needs) => {
  const toRead = { name: needs.name, scope: 'job:read' as const, public: false };
  const { kind: stored, ...tenant } = await portfolioOfJob(ctx, { id }, toRead);
  const kind = stored as JobKind;
  if (!mayUse(kind, 'read', tenant.scopes)) throw jobNotFound(id);
  requireAlso(needs, tenant, scopesOf(needs));
  if (scopesOf(needs).includes('job:write')) requireWrite(needs.name, tenant, kind);
  return tenant;
};

function requireWrite(name: string, tenant: Tenant, kind: JobKind): void {
  const needed = accessTo(kind)?.write;
  requireAlso({ name: `${name} of "${kind}"` }, tenant, needed ? [needed] : []);
}

/**
 * The kinds of which a call may change many jobs: the given one, otherwise all for which the caller has the scope.
 * Throws `forbidden` if it lacks the one of the given kind.
 */
export function changeableKinds(name: string, tenant: Tenant, kind?: JobKind): JobKind[] {
  if (kind === undefined) return jobKindSchema.options.filter((any) => mayUse(any, 'write', tenant.scopes));
  requireWrite(name, tenant, kind);
  return [kind];
}

/** The portfolios whose jobs the caller may read, and the kinds that are hidden there: the values of `isShown`. */
export async function readableJobs(ctx: Pick<Ctx, 'db' | 'actor'>) {
  const own = await ownPortfolios(ctx);
  const hidden = own.flatMap(({ id, scopes }) =>
    jobKindSchema.options.filter((kind) => !mayUse(kind, 'read', scopes)).map((kind) => `${id} ${kind}`),
  );
  return { own: own.map(({ id }) => id), hidden };
}

/** True for jobs of a kind that is not hidden from the caller in this portfolio. */
export const isShown = (portfolioId: SQLWrapper, kind: SQLWrapper): SQL =>
  sql`${portfolioId} || ' ' || ${kind} <> all(${sql.placeholder('hidden')}::text[])`;
