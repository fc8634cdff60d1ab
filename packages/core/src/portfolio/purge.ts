import { and, eq, gt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { actorName } from '../actor.ts';
import { operation } from '../operation.ts';
import { binnedBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { requireConfirmed, requirePerson } from './delete.ts';
import { notInBin } from './internal.ts';
import { portfolios } from './portfolio.sql.ts';
import { confirmedSlug } from './schemas.ts';

export const purgePortfolio = operation({
  name: 'portfolio.purge',
  kind: 'mutation',
  summary:
    'Delete a portfolio in the bin for good, with all that belongs to it. The schedule does so within a minute.',
  scope: 'portfolio:write',
  recentSignIn: true,
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...confirmedSlug }),
  output: z.null(),
  tenant: binnedBySlug,
  async run({ db, actor }, { confirm }, { id, slug }) {
    requirePerson(actor, 'portfolio.purge');
    requireConfirmed(slug, confirm);
    const purged = await db
      .update(portfolios)
      .set({ purgeAt: sql`now()`, purgedBy: actorName(actor) })
      .where(and(eq(portfolios.id, id), gt(portfolios.purgeAt, sql`now()`)))
      .returning({ id: portfolios.id });
    if (purged.length === 0) throw notInBin(slug);
    return null;
  },
});
