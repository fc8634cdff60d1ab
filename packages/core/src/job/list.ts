import { desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { ownPortfolioIds } from '../portfolio/internal.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { slugSchema } from '../text.ts';
import { filterValues, jobFilterInput, matchingRest, statesInput } from './filter.ts';
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
    state: statesInput(jobStateSchema.options),
    ...jobFilterInput,
    ...pageInput,
  }),
  output: pageOf(jobSchema),
  tenant: 'none',
  async run(ctx, { portfolio = null, limit, cursor = newest('job'), ...filter }) {
    const own = await ownPortfolioIds(ctx);
    const values = { own, portfolio, cursor, limit: limit + 1, ...filterValues(filter) };
    return toPage(await listBefore(ctx.db).execute(values), limit);
  },
});

const { placeholder } = sql;

/** For each portfolio, kind and state the newest jobs, straight from the index; of all those, the newest. */
const newestIds = sql`
  select job.id
  from ${portfolios}
    cross join unnest(${placeholder('kinds')}::text[]) as chosen_kind
    cross join unnest(${placeholder('states')}::text[]) as chosen_state
    cross join lateral (
      select ${jobs.id} from ${jobs}
      where ${jobs.portfolioId} = ${portfolios.id} and ${jobs.kind} = chosen_kind and ${jobs.state} = chosen_state
        and ${jobs.id} < ${placeholder('cursor')} and ${matchingRest}
      order by ${jobs.id} desc limit ${placeholder('limit')}) as job
  where ${portfolios.id} = any(${placeholder('own')})
    and coalesce(${portfolios.slug} = ${placeholder('portfolio')}, true)
  order by job.id desc limit ${placeholder('limit')}`;

const listBefore = prepared((db) =>
  db
    .select(jobFields)
    .from(jobs)
    .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
    .where(sql`${jobs.id} in (${newestIds})`)
    .orderBy(desc(jobs.id))
    .prepare('job_list'),
);
