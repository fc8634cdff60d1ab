import { type SQL, desc, eq, sql } from 'drizzle-orm';
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

/** The newest jobs in some of these states, which decide the index: not read at all if the filter names none of them. */
function newestIn(states: readonly JobState[], and = sql``) {
  const names = sql.raw(states.map((state) => `'${state}'`).join(', '));
  return sql`(
    select ${jobs.id} from ${jobs}
    where ${placeholder('states')}::text[] && array[${names}] and ${jobs.state} in (${names}) ${and}
      and ${hasKindAndState} and ${page})`;
}

const ofAll = listOf(
  'job_list_of_all',
  sql`
    select id from (
      ${newestIn(retryableStates)} union all ${newestIn(cancellableStates)}
      union all ${newestIn(['succeeded'], sql`and ${placeholder('errorCode')}::text is null`)}) as job
    order by id desc limit ${placeholder('limit')}`,
);

/** The newest jobs of each kind and state, read from the index; of all of them, the newest. */
const ofPortfolio = listOf(
  'job_list_of_portfolio',
  sql`
    select job.id
    from unnest(${placeholder('kinds')}::text[]) as chosen_kind
      cross join unnest(${placeholder('states')}::text[]) as chosen_state
      cross join lateral (
        select ${jobs.id} from ${jobs}
        where ${jobs.portfolioId} = ${placeholder('portfolioId')} and ${jobs.kind} = chosen_kind
          and ${jobs.state} = chosen_state and ${page}) as job
    order by job.id desc limit ${placeholder('limit')}`,
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
