import { sql } from 'drizzle-orm';
import { jobPauses, jobQueue, jobs } from './job.sql.ts';

const { placeholder } = sql;

/** More than there are free slots, since others may have locked some: other claims, or a change of the job. */
const spare = sql.raw('6');

/**
 * The jobs that a claim may take next, of each kind in the order of their rank: of the portfolio with the fewest running jobs of
 * the kind first, then by priority, then by turn, within the limits of portfolios and without what is paused. Walks from
 * portfolio to portfolio along the index, so that its cost does not depend on how many jobs wait.
 */
export const chosenJobs = sql`
  with recursive wanted as (
    select * from unnest(${placeholder('kinds')}::text[], ${placeholder('slots')}::int[], ${placeholder('most')}::int[])
      as wanted (kind, slots, most)),
  tenant as (
    select kind, slots, most, (
      select portfolio_id from ${jobQueue} q where q.due and q.kind = wanted.kind order by portfolio_id limit 1) as id
    from wanted
    union all
    select kind, slots, most, (
      select portfolio_id from ${jobQueue} q
      where q.due and q.kind = tenant.kind and q.portfolio_id > tenant.id order by portfolio_id limit 1)
    from tenant where id is not null),
  running as materialized (
    select kind, portfolio_id, count(*)::int as jobs, sum(count(*)) over (partition by portfolio_id)::int as in_all
    from ${jobs} where state = 'running' group by kind, portfolio_id),
  candidate as (
    select next.job_id, tenant.kind, tenant.slots, next.priority, next.turn,
      coalesce(own.jobs, 0) + row_number() over (partition by tenant.kind, tenant.id order by next.priority, next.turn) as place,
      coalesce((select max(in_all) from running where portfolio_id = tenant.id), 0)
        + row_number() over (partition by tenant.id order by next.priority, next.turn) as place_in_all
    from tenant
    left join running own on own.kind = tenant.kind and own.portfolio_id = tenant.id
    cross join lateral (
      select q.job_id, q.priority, q.turn from ${jobQueue} q
      where q.due and q.kind = tenant.kind and q.portfolio_id = tenant.id
      order by q.priority, q.turn
      limit least(tenant.slots + ${spare}, greatest(0, tenant.most - coalesce(own.jobs, 0)))) next
    where tenant.id is not null and not exists (
      select from ${jobPauses} pause
      where coalesce(pause.portfolio_id, tenant.id) = tenant.id and coalesce(pause.kind, tenant.kind) = tenant.kind)),
  ranked as (
    select job_id, kind, slots, row_number() over (partition by kind order by place, priority, turn) as rank
    from candidate where place_in_all <= ${placeholder('mostInAll')})
  select job_id, kind, slots, rank from ranked where rank <= slots + ${spare}`;
