import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { ownPortfolioIds } from '../portfolio/internal.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
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
  async run(ctx, { portfolio = null, state = null, limit, cursor = newest('job') }) {
    const filter = { own: await ownPortfolioIds(ctx), portfolio, state, cursor, limit: limit + 1 };
    return toPage(await listBefore(ctx.db).execute(filter), limit);
  },
});

const listBefore = prepared((db) =>
  db
    .select(jobFields)
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(
      and(
        sql`${jobs.portfolioId} = any(${sql.placeholder('own')})`,
        lt(jobs.id, sql.placeholder('cursor')),
        sql`coalesce(${portfolios.slug} = ${sql.placeholder('portfolio')}, true)`,
        sql`coalesce(${jobs.state} = ${sql.placeholder('state')}, true)`,
      ),
    )
    .orderBy(desc(jobs.id))
    .limit(sql.placeholder('limit'))
    .prepare('job_list'),
);
