import { and, eq, sql } from 'drizzle-orm';
import type { Db } from './context.ts';
import { AppError } from './errors.ts';
import { type FormerKind, formerSlugs } from './former-slug.sql.ts';
import { prepared } from './sql.ts';

/** Something that a slug or key names: its kind, and within what its name is unique. */
type Named = { kind: FormerKind; portfolioId: string };

const scopeOf = ({ kind, portfolioId }: Named) => (kind === 'portfolio' ? '' : portfolioId);

const former = prepared((db) =>
  db
    .select({ targetId: formerSlugs.targetId })
    .from(formerSlugs)
    .where(
      and(
        eq(formerSlugs.kind, sql.placeholder('kind')),
        eq(formerSlugs.scope, sql.placeholder('scope')),
        eq(formerSlugs.slug, sql.placeholder('slug')),
      ),
    )
    .prepare('former_slug'),
);

/** The id of what had this slug before; undefined if nothing had. */
export async function findFormer(
  db: Db,
  kind: FormerKind,
  scope: string,
  slug: string,
): Promise<string | undefined> {
  const [found] = await former(db).execute({ kind, scope, slug });
  return found?.targetId;
}

/** The error for a former slug, by which clients find the present one. */
export const moved = (what: string, field: string, to: string) =>
  new AppError('moved', `${what} was renamed. It is "${to}" now.`, { moved: { field, to } });

/**
 * The error for a slug that nothing has: where to find what had it before, if `present` finds that for the caller by its
 * id, and `notFound` otherwise.
 */
export async function movedOr(
  db: Db,
  given: Named & { slug: string; what: string; field: 'slug' | 'key' },
  present: (id: string) => Promise<{ slug: string }[]>,
  notFound: AppError,
): Promise<AppError> {
  const { kind, slug, what, field } = given;
  const id = await findFormer(db, kind, scopeOf(given), slug);
  const [found] = id === undefined ? [] : await present(id);
  return found ? moved(`The ${what} "${slug}"`, field, found.slug) : notFound;
}

/**
 * Gives something another slug, by `change`, and notes the former one. Throws `conflict` if the new one is in use. A slug
 * that something is given leads to nothing else any more.
 */
export async function rename(
  db: Db,
  given: Named & { targetId: string; from: string; to: string },
  change: PromiseLike<unknown>,
): Promise<void> {
  const { kind, portfolioId, targetId, from, to } = given;
  const scope = scopeOf(given);
  await orSlugTaken(change, to);
  await db
    .delete(formerSlugs)
    .where(and(eq(formerSlugs.kind, kind), eq(formerSlugs.scope, scope), eq(formerSlugs.slug, to)));
  await db
    .insert(formerSlugs)
    .values({ kind, scope, slug: from, targetId, portfolioId })
    .onConflictDoUpdate({
      target: [formerSlugs.kind, formerSlugs.scope, formerSlugs.slug],
      set: { targetId, since: sql`now()` },
    });
}

/** Waits for a change that gives something a slug. Throws `conflict` if something else has it. */
export async function orSlugTaken(change: PromiseLike<unknown>, slug: string): Promise<void> {
  await change.then(undefined, (error: unknown) => {
    throw isTaken(error) ? slugTaken(slug) : error;
  });
}

/** The former names of what is deleted lead nowhere any more. */
export async function forgetFormer(db: Db, kind: FormerKind, targetId: string): Promise<void> {
  await db.delete(formerSlugs).where(and(eq(formerSlugs.kind, kind), eq(formerSlugs.targetId, targetId)));
}

export const slugTaken = (slug: string) =>
  new AppError('conflict', `The slug "${slug}" is already in use. Choose another one.`);

/** True for the error of a statement that violates a unique index. */
function isTaken(error: unknown): boolean {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === '23505';
}
