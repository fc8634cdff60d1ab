import { inArray } from 'drizzle-orm';
import { z } from 'zod';
import { filterOf } from '../audit-details.ts';
import type { Db } from '../context.ts';
import { idOf } from '../ids.ts';
import { operatorFilterInput, statesInput } from '../job/filter.ts';
import { jobsChanged } from '../job/jobs-changed.ts';
import { retryableStates } from '../job/schemas.ts';
import { transitions } from '../job/transitions.ts';
import { operation } from '../operation.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { portfolioOfOperator } from '../tenancy.ts';
import { redrivenSchema } from './schemas.ts';

export const redrive = operation({
  name: 'operator.redrive',
  kind: 'mutation',
  summary:
    'Queue failed and dead jobs of all portfolios again, the oldest first. What somebody cancelled is included only where ' +
    '`state` says so; webhook deliveries are excluded.',
  scope: 'operator:write',
  shows: ['operator:read'],
  public: false,
  input: z.strictObject({
    ...operatorFilterInput,
    ids: z.array(idOf('job')).min(1).max(1000).optional().describe('Only these jobs.'),
    state: statesInput(retryableStates).default(['failed', 'dead']),
    limit: z.int().min(1).max(1000).describe('The maximum number of jobs to change.'),
  }),
  output: redrivenSchema,
  tenant: portfolioOfOperator,
  portfoliosOf: (result) => result.portfolios.map(({ portfolioId }) => portfolioId),
  async run(ctx, { ids, state, kind, errorCode, createdAfter, createdBefore, limit }, portfolio) {
    const filter = { state, kinds: kind && [kind], createdAfter, createdBefore };
    const which = { portfolioId: portfolio?.id, ids, errorCode, filter, limit };
    const { changed, hasMore } = await transitions.redrive(ctx.db, which);
    // The log of each portfolio has this: it says nothing of the others.
    ctx.noteDetails({
      filter: filterOf({ state, kind, errorCode, createdAfter, createdBefore, limit }),
      ...(portfolio && { count: changed.length }),
    });
    jobsChanged(
      ctx,
      changed.map(({ id: jobId, portfolioId, kind: of }) => ({ jobId, portfolioId, kind: of })),
    );
    return { changed: changed.length, hasMore, portfolios: await countByPortfolio(ctx.db, changed) };
  },
});

/** The portfolios of these jobs, with the number of jobs of each. */
async function countByPortfolio(db: Db, changed: readonly { portfolioId: string }[]) {
  const counts = Map.groupBy(changed, ({ portfolioId }) => portfolioId);
  const found = await db
    .select({ portfolioId: portfolios.id, portfolio: portfolios.slug })
    .from(portfolios)
    .where(inArray(portfolios.id, [...counts.keys()]))
    .orderBy(portfolios.slug);
  return found.map((each) => ({ ...each, changed: counts.get(each.portfolioId)!.length }));
}
