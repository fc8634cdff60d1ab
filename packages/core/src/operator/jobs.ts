import { type SQL, desc, eq, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { z } from 'zod';
import { newest } from '../ids.ts';
import {
  createdBetween,
  filterValues,
  hasErrorCode,
  hasKindAndState,
  operatorFilterInput,
  statesInput,
} from '../job/filter.ts';
import { jobFields } from '../job/internal.ts';
import { jobs } from '../job/job.sql.ts';
import { type JobState, cancellableStates, jobStateSchema, retryableStates } from '../job/schemas.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, prepared } from '../sql.ts';
import { portfolioOfOperator } from '../tenancy.ts';
import { operatorJobSchema } from './schemas.ts';

export const listJobs = operation({
  name: 'operator.jobs',
  kind: 'query',
  summary: 'List the jobs of all portfolios, newest first, without what they are about.',
  scope: 'operator:read',
  public: false,
  input: z.strictObject({
    ...operatorFilterInput,
    state: statesInput(jobStateSchema.options),
    ...pageInput,
  }),
  output: pageOf(operatorJobSchema),
  tenant: portfolioOfOperator,
  isAudited: true,
  async run({ db }, { limit, cursor = newest('job'), ...given }, portfolio) {
    const { kind, state, errorCode = null, createdAfter, createdBefore } = given;
    const list = portfolio ? ofPortfolio : ofAll;
    const filter = { kinds: kind && [kind], state, createdAfter, createdBefore };
    const values = {
      portfolioId: portfolio?.id,
      cursor,
      limit: limit + 1,
      errorCode,
      ...filterValues(filter),
    };
    return toPage(await list(db).execute(values), limit);
  },
});

const { placeholder } = sql;
const page = sql`${jobs.id} < ${placeholder('cursor')} and ${createdBetween} and ${hasErrorCode}
  order by ${jobs.id} desc limit ${placeholder('limit')}`;

/** False where the filter names none of these states: they are not read at all then. */
const areWanted = (states: SQL) => sql`${placeholder('states')}::text[] && array[${states}]`;
const literals = (states: readonly JobState[]) => sql.raw(states.map((state) => `'${state}'`).join(', '));

/** Read from the partial index of these states, however many others there are: `offset 0` keeps the planner from guessing. */
function newestIn(states: readonly JobState[]) {
  const names = literals(states);
  return sql`(
    select ${jobs.id} from (select * from ${jobs} where state in (${names}) offset 0) as ${jobs}
    where ${areWanted(names)} and ${hasKindAndState} and ${page})`;
}

/** The newest jobs of each kind and state in a portfolio, in the order of an index. */
const newestOf = (portfolioId: SQL | PgColumn, states: SQL) => sql`
  unnest(${placeholder('kinds')}::text[]) as chosen_kind
    cross join unnest(${states}::text[]) as chosen_state
    cross join lateral (
      select ${jobs.id} from ${jobs}
      where ${jobs.portfolioId} = ${portfolioId} and ${jobs.kind} = chosen_kind and ${jobs.state} = chosen_state
        and ${page}) as job`;

const inOrder = sql`order by id desc limit ${placeholder('limit')}`;

/** What has succeeded has no error. */
const ofAll = listOf(
  'job_list_of_all',
  sql`
    select id from (
      ${newestIn(retryableStates)} union all ${newestIn(cancellableStates)}
      union all (
        select job.id from ${portfolios} cross join ${newestOf(portfolios.id, sql`array['succeeded']`)}
        where ${areWanted(literals(['succeeded']))} and ${placeholder('errorCode')}::text is null ${inOrder})) as job
    ${inOrder}`,
);

const ofPortfolio = listOf(
  'job_list_of_portfolio',
  sql`select job.id from ${newestOf(sql`${placeholder('portfolioId')}`, sql`${placeholder('states')}`)} ${inOrder}`,
);

function listOf(name: string, ids: SQL) {
  return prepared((db) =>
    db
      .select({
        id: jobs.id,
        portfolioId: jobs.portfolioId,
        portfolio: portfolios.slug,
        kind: jobs.kind,
        state: jobs.state,
        priority: jobFields.priority,
        attempt: jobs.attempt,
        maxAttempts: jobs.maxAttempts,
        errorCode: sql<string | null>`${jobs.error} ->> 'code'`,
        worker: jobs.worker,
        runAt: iso(jobs.runAt),
        leaseUntil: isoOrNull(jobs.leaseUntil),
        cancelRequestedAt: isoOrNull(jobs.cancelRequestedAt),
        createdAt: iso(jobs.createdAt),
        updatedAt: iso(jobs.updatedAt),
        startedAt: isoOrNull(jobs.startedAt),
        finishedAt: isoOrNull(jobs.finishedAt),
      })
      .from(jobs)
      .innerJoin(portfolios, eq(portfolios.id, jobs.portfolioId))
      .where(sql`${jobs.id} = any(array(${ids}))`)
      .orderBy(desc(jobs.id))
      .prepare(name),
  );
}
