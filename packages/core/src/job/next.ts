import { type SQL, sql } from 'drizzle-orm';
import { jobLimits, jobQueue, jobs } from './job.sql.ts';
import { isPaused } from './pauses.ts';

const { placeholder } = sql;

/** More than there are free slots, since others may have locked some: other claims, or a change of the job. */
const spare = sql.raw('6');
/** A claim looks at this many portfolios, from the one after which the last claim ended: with more, they take turns. */
const mostTenants = sql.raw('200');

const firstTenant = (after: string) => sql`(
  select q.portfolio_id from ${jobQueue} q
  where q.due and q.kind = at.kind and q.portfolio_id > ${sql.raw(after)} order by q.portfolio_id limit 1)`;

/** How many jobs of a portfolio run. */
const inAll = (portfolioId: SQL) =>
  sql`coalesce((select max(in_all) from running where portfolio_id = ${portfolioId}), 0)`;

/**
 * The jobs that a claim may take next, of each kind in the order of their rank: of the portfolio with the fewest running
 * jobs of the kind, and of those in turn; within a portfolio by priority, then by the turn of the job. Portfolios at a
 * limit and what is paused are left out, and a limit of a kind lowers its slots. It walks from portfolio to portfolio along the index and reads the jobs of the
 * best ones only, so that its cost depends neither on the number of jobs nor, beyond `mostTenants`, of portfolios.
 */
export const chosenJobs = sql`
  with recursive limits as materialized (select portfolio_id, kind, most_running from ${jobLimits}),
  running as materialized (
    select kind, portfolio_id, count(*)::int as jobs, sum(count(*)) over (partition by portfolio_id)::int as in_all
    from ${jobs} where state = 'running' group by kind, portfolio_id),
  wanted as (
    select given.kind, given.most, given.last,
      least(given.slots, whole.most_running - (
        select coalesce(sum(jobs), 0) from running where kind = given.kind))::int as slots
    from unnest(${placeholder('kinds')}::text[], ${placeholder('slots')}::int[], ${placeholder('most')}::int[],
      ${placeholder('after')}::text[]) as given (kind, slots, most, last)
      left join limits whole on whole.portfolio_id is null and whole.kind = given.kind),
  tenant as (
    select at.kind, at.slots, at.most, at.last, coalesce(next.id, again.id) as id, next.id is null as is_wrapped,
      1 as position
    from wanted at
      cross join lateral (select ${firstTenant('at.last')} as id) next
      cross join lateral (select case when next.id is null then ${firstTenant("''")} end as id) again
    where at.slots > 0
    union all
    select at.kind, at.slots, at.most, at.last, coalesce(next.id, again.id), at.is_wrapped or next.id is null,
      at.position + 1
    from tenant at
      cross join lateral (select ${firstTenant('at.id')} as id) next
      cross join lateral (
        select case when next.id is null and not at.is_wrapped then ${firstTenant("''")} end as id) again
    where at.position < ${mostTenants} and coalesce(next.id, again.id) is not null
      and not ((at.is_wrapped or next.id is null) and coalesce(next.id, again.id) > at.last)),
  open_tenant as (
    select tenant.kind, tenant.slots, tenant.id, tenant.position, least(tenant.most, own_limit.most_running) as most,
      coalesce(own.jobs, 0) as running,
      row_number() over (partition by tenant.kind order by coalesce(own.jobs, 0), position) as rank
    from tenant
      left join running own on own.kind = tenant.kind and own.portfolio_id = tenant.id
      left join limits own_limit on own_limit.kind = tenant.kind and own_limit.portfolio_id = tenant.id
    where tenant.id is not null and coalesce(own.jobs, 0) < least(tenant.most, own_limit.most_running)
      and not ${isPaused(sql`tenant.id`, sql`tenant.kind`)}
      and not exists (
        select from limits whole where whole.portfolio_id = tenant.id and whole.kind is null
          and whole.most_running <= ${inAll(sql`tenant.id`)})),
  candidate as (
    select next.job_id, t.kind, t.slots, t.id, next.priority, next.turn, row_number() over (
      partition by t.kind order by t.running + next.place, t.position) as rank
    from open_tenant t
    cross join lateral (
      select q.*, row_number() over (order by q.priority, q.turn) as place from (
        select job_id, priority, turn from ${jobQueue} q
        where q.due and q.kind = t.kind and q.portfolio_id = t.id
        order by q.priority, q.turn limit least(t.slots + ${spare}, t.most - t.running)) q) next
    where t.rank <= t.slots + ${spare}),
  ranked as (
    select job_id, kind, slots, rank, id,
      ${inAll(sql`candidate.id`)}
        + row_number() over (partition by id order by rank > slots, priority, turn) as place_in_all
    from candidate where rank <= slots + ${spare})
  select job_id, kind, slots, rank from ranked
  where place_in_all <= least(${placeholder('mostInAll')}, (
    select most_running from limits where portfolio_id = ranked.id and kind is null))`;
