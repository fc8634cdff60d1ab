import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type Actor, actorName } from '../actor.ts';
import type { Ctx } from '../context.ts';
import { AppError, invalidInput } from '../errors.ts';
import { jobsChanged } from '../job/jobs-changed.ts';
import { transitions } from '../job/transitions.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { expectedVersion, requireVersion } from '../version.ts';
import { nextVersion } from '../version.sql.ts';
import { binnedFields, isPresent, portfolioNotFound } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { binnedPortfolioSchema, confirmedSlug } from './schemas.ts';

export const deletePortfolio = operation({
  name: 'portfolio.delete',
  kind: 'mutation',
  summary:
    'Put a portfolio into the bin: nobody finds it any more, and its jobs are cancelled. It is deleted for good after `binDays`.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...confirmedSlug, ...expectedVersion }),
  output: binnedPortfolioSchema,
  tenant: tenantBySlug,
  async run(ctx, { confirm, expectedVersion: expected }, { id, slug }) {
    requirePerson(ctx.actor, 'portfolio.delete');
    requireConfirmed(slug, confirm);
    const [found] = await ctx.db
      .select({ version: portfolios.version, binDays: portfolios.binDays })
      .from(portfolios)
      .where(isPresent(id))
      .for('no key update');
    if (!found) throw portfolioNotFound(slug);
    requireVersion(found, expected);
    const [binned] = await ctx.db
      .update(portfolios)
      .set({
        binnedAt: sql`now()`,
        purgeAt: sql`now() + make_interval(days => ${portfolios.binDays})`,
        purgedBy: found.binDays === 0 ? actorName(ctx.actor) : null,
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(portfolios.id, id))
      .returning(binnedFields);
    await cancelJobs(ctx, id);
    return binned!;
  },
});

/** Throws `forbidden` for the key of a portfolio: whoever has it must not end what it is for. */
export function requirePerson({ kind }: Actor, name: string): void {
  if (kind === 'user') return;
  throw new AppError('forbidden', `${name} needs an owner. The key of a portfolio cannot delete it.`);
}

/** Throws `invalid_input` unless the caller has named the portfolio twice. */
export function requireConfirmed(slug: string, confirm: string): void {
  if (confirm === slug) return;
  throw invalidInput([{ pointer: '/confirm', detail: `Expected "${slug}", the slug of the portfolio.` }]);
}

/** Cancels what waits or runs in a portfolio, which frees the workers for others. Workers claim nothing new in the bin. */
export async function cancelJobs(
  ctx: Pick<Ctx, 'db' | 'wakeUps' | 'jobBus'>,
  portfolioId: string,
): Promise<void> {
  for (let more = true; more;) {
    const which = { portfolioId, filter: {}, limit: 1000 };
    const { changed, hasMore } = await transitions.cancelMany(ctx.db, which);
    jobsChanged(
      ctx,
      changed.map(({ id: jobId, kind }) => ({ jobId, portfolioId, kind, cancels: true })),
    );
    more = hasMore;
  }
}
