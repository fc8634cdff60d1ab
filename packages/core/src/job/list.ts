import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { ownPortfolios } from '../portfolio/internal.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { slugSchema } from '../text.ts';
import { jobFields } from './internal.ts';
import { jobs } from './job.sql.ts';
import { jobSchema, jobStateSchema } from './schemas.ts';

export const listJobs = operation({
  name: 'job.list',
  kind: 'query',
  summary: "List the jobs of the caller's portfolios, newest first.",
  scope: 'job:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema.optional().describe('Jobs of this portfolio only.'),
    state: jobStateSchema.optional().describe('Jobs in this state only.'),
    ...pageInput,
  }),
  output: pageOf(jobSchema),
  tenant: 'none',
  async run({ actor, db }, { portfolio, state, limit, cursor }) {
    const rows = await db
      .select(jobFields)
      .from(jobs)
      .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
      .where(
        and(
          ownPortfolios(actor),
          portfolio ? eq(portfolios.slug, portfolio) : undefined,
          state ? eq(jobs.state, state) : undefined,
          cursor ? lt(jobs.id, cursor) : undefined,
        ),
      )
      .orderBy(desc(jobs.id))
      .limit(limit + 1);
    return toPage(rows, limit);
  },
});
