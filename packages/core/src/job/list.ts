import { type SQL, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { slugSchema } from '../text.ts';
import { isShown, readableJobs } from './access.ts';
import { createdBetween, filterValues, hasKindAndState, jobFilterInput, statesInput } from './filter.ts';
import { jobFields } from './internal.ts';
import { jobs } from './job.sql.ts';
import { jobSchema, jobStateSchema } from './schemas.ts';
import { readEach, toJob } from './stored.ts';

export const listJobs = operation({
  name: 'job.list',
  kind: 'query',
  summary: "List the jobs of the caller's portfolios, newest first.",
  scope: 'job:read',
  public: false,
  input: z.strictObject({
    portfolio: slugSchema.optional().describe('Only jobs of this portfolio.'),
    state: statesInput(jobStateSchema.options),
    ...jobFilterInput,
    ...pageInput,
  }),
  output: pageOf(jobSchema),
  tenant: 'none',
  async run(ctx, { portfolio = null, limit, cursor = newest('job'), kind, ...rest }) {
    const filter = { ...rest, kinds: kind && [kind] };
    const list = filter.requestedBy === undefined ? listAll : listOfRequester;
    const values = { portfolio, cursor, limit: limit + 1, ...filterValues(filter) };
    const rows = await list(ctx.db).execute({ ...(await readableJobs(ctx)), ...values });
    const { items, nextCursor } = toPage(rows, limit);
    return { items: readEach(items, toJob), nextCursor };
  },
});

const { placeholder } = sql;
const own = sql`${portfolios.id} = any(${placeholder('own')})
  and coalesce(${portfolios.slug} = ${placeholder('portfolio')}, true)`;
const page = sql`${jobs.id} < ${placeholder('cursor')} and ${createdBetween}
  order by ${jobs.id} desc limit ${placeholder('limit')}`;

/** The newest jobs of each portfolio, kind and state, read from the index; of all of them, the newest. */
export const newestIds = sql`
  select job.id
  from ${portfolios}
    cross join unnest(${placeholder('kinds')}::text[]) as chosen_kind
    cross join unnest(${placeholder('states')}::text[]) as chosen_state
    cross join lateral (
      select ${jobs.id} from ${jobs}
      where ${jobs.portfolioId} = ${portfolios.id} and ${jobs.kind} = chosen_kind and ${jobs.state} = chosen_state
        and ${page}) as job
  where ${own} and ${isShown(portfolios.id, sql`chosen_kind`)} order by job.id desc limit ${placeholder('limit')}`;

/** As `newestIds`, for the jobs of one requester, which are fewer than those of a kind and state. */
const newestIdsOfRequester = sql`
  select job.id
  from ${portfolios}
    cross join lateral (
      select ${jobs.id} from ${jobs}
      where ${jobs.portfolioId} = ${portfolios.id} and ${jobs.requestedBy} = ${placeholder('requestedBy')}
        and ${hasKindAndState} and ${isShown(portfolios.id, jobs.kind)} and ${page}) as job
  where ${own} order by job.id desc limit ${placeholder('limit')}`;

export const listAll = listOf('job_list', newestIds);
const listOfRequester = listOf('job_list_of_requester', newestIdsOfRequester);

function listOf(name: string, ids: SQL) {
  return prepared((db) =>
    db
      .select(jobFields)
      .from(jobs)
      .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
      .where(sql`${jobs.id} = any(array(${ids}))`)
      .orderBy(desc(jobs.id))
      .prepare(name),
  );
}
