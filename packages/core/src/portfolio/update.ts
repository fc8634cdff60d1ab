import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { findFormer, rename, slugTaken } from '../former-slug.ts';
import { operation } from '../operation.ts';
import { announceChange } from '../published.ts';
import { type Tenant, tenantBySlug } from '../tenancy.ts';
import { newSlugInput, slugSchema } from '../text.ts';
import { isPresent, portfolioFields, portfolioNotFound } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { expectedVersion, requireVersion } from '../version.ts';
import { nextVersion } from '../version.sql.ts';
import { binDays, portfolioProfile, portfolioSchema } from './schemas.ts';

export const updatePortfolio = operation({
  name: 'portfolio.update',
  kind: 'mutation',
  summary:
    'Update the given fields of a portfolio: its profile, and for how long deleted items stay in the bin.',
  scope: 'portfolio:write',
  shows: ['portfolio:read'],
  public: false,
  input: z.strictObject({
    portfolio: slugSchema,
    ...z.object({ ...portfolioProfile, binDays }).partial().shape,
    ...newSlugInput,
    ...expectedVersion,
  }),
  output: portfolioSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, expectedVersion: expected, newSlug, ...changes }, tenant) {
    const [found] = await db
      .select({ version: portfolios.version })
      .from(portfolios)
      .where(isPresent(tenant.id))
      .for('update');
    if (!found) throw portfolioNotFound(tenant.slug);
    requireVersion(found, expected);
    if (newSlug !== undefined && newSlug !== tenant.slug) await renamePortfolio(db, tenant, newSlug);
    const [updated] = await db
      .update(portfolios)
      .set({ ...changes, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(portfolios.id, tenant.id))
      .returning(portfolioFields);
    return updated!;
  },
});

async function renamePortfolio(db: Db, { id, slug: from }: Tenant, to: string): Promise<void> {
  const formerOf = await findFormer(db, 'portfolio', '', to);
  if (formerOf !== undefined && formerOf !== id) throw slugTaken(to);
  await rename(
    db,
    { kind: 'portfolio', portfolioId: id, targetId: id, from, to },
    db.update(portfolios).set({ slug: to }).where(eq(portfolios.id, id)),
  );
  // The change itself announces the slug that it was called with.
  await announceChange(db, to);
}
