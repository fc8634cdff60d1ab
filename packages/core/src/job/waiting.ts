import { type SQL, sql } from 'drizzle-orm';
import { iso } from '../sql.ts';
import { seenWithinSeconds } from './fleet.ts';
import { jobLimits, jobQueue, jobWorkers, jobs } from './job.sql.ts';
import { isPaused } from './pauses.ts';
import type { JobWait } from './schemas.ts';

/** A place in line beyond this one is not counted: it costs time, and nobody waits for it to change. */
const lastPlace = 1000;
/** After this time, a job that could run, and for which a worker has a free slot, is stalled. */
const stalledAfterSeconds = 300;

/** The number of rows of a query, up to `lastPlace`. */
const countUpTo = (rows: SQL) =>
  sql`(select count(*)::int from (${rows} limit ${sql.raw(String(lastPlace))}) as line)`;

const earlier = sql`
  select e.id from ${jobs} e
  where e.group_key = ${jobs.groupKey} and e.state in ('queued', 'running') and e.turn < ${jobs.turn}
  order by e.turn`;

const isPausedJob = isPaused(jobs.portfolioId, jobs.kind);

const seen = sql.raw(`w.seen_at > now() - interval '${seenWithinSeconds} seconds'`);
/** The slots of the workers that live. */
const slotsOfKind = sql`(select sum((w.slots ->> ${jobs.kind})::int) from ${jobWorkers} w where ${seen})`;
const slotsOfAll = sql`(
  select sum(slot.value::int) from ${jobWorkers} w, jsonb_each_text(w.slots) as slot where ${seen})`;
/** The limit of a portfolio, as `limitsOf` of `fleet.ts` computes it; null without one, or without a worker. */
const limitByShare = (share: SQL, slots: SQL) =>
  sql`(select case when max((w.shares ->> ${share})::float8) < 1
    then greatest(1, ceil(max((w.shares ->> ${share})::float8) * ${slots}))::int end from ${jobWorkers} w where ${seen})`;
/** The limit that an operator has set for the portfolio, of a kind or in all; null without one. */
const limitByOperator = (kind: SQL) =>
  sql`(select l.most_running from ${jobLimits} l where l.portfolio_id = ${jobs.portfolioId} and l.kind ${kind})`;

const runningOfTenant = (ofKind: SQL) => sql`(
  select count(*)::int from ${jobs} r
  where r.state = 'running' and r.portfolio_id = ${jobs.portfolioId} ${ofKind})`;
const runningOfKind = sql`(
  select count(*)::int from ${jobs} r where r.state = 'running' and r.kind = ${jobs.kind})`;

/** The limits of a job that leave no place for it. */
const reached = sql`(
  select rule.* from (
    select 1 as rank, 'kind' as of, ${runningOfTenant(sql`and r.kind = ${jobs.kind}`)} as running, least(
      ${limitByShare(sql`${jobs.kind}`, slotsOfKind)}, ${limitByOperator(sql`= ${jobs.kind}`)}) as most
    union all
    select 2, 'portfolio', ${runningOfTenant(sql``)},
      least(${limitByShare(sql`'all'`, slotsOfAll)}, ${limitByOperator(sql`is null`)})
    union all
    select 3, 'platform', ${runningOfKind}, l.most_running
    from ${jobLimits} l where l.portfolio_id is null and l.kind = ${jobs.kind}) rule
  where running >= most) reached`;

const place = countUpTo(sql`
  select from ${jobQueue} q
  where q.due and q.kind = ${jobs.kind} and q.portfolio_id = ${jobs.portfolioId}
    and (q.priority, q.turn) <= (${jobs.priority}, ${jobs.turn})`);

/** What a queued job waits for; null in other states. Its place counts the jobs of its portfolio and kind. */
export const waiting = sql<JobWait | null>`case
  when ${jobs.state} <> 'queued' then null
  when exists (${earlier}) then
    json_build_object('for', 'turn', 'jobId', (${earlier} limit 1), 'place', ${countUpTo(earlier)})
  when ${jobs.runAt} > now() then json_build_object('for', 'time', 'until', ${iso(jobs.runAt)})
  when ${isPausedJob} then json_build_object('for', 'pause')
  else coalesce((
    select json_build_object('for', 'limit', 'of', of, 'limit', most, 'place', ${place})
    from ${reached} order by rank limit 1),
    json_build_object('for', 'worker', 'place', ${place})) end`;

/**
 * True where nothing explains the wait. Each heartbeat extends the lease of a running job: an expired one means that
 * heartbeats have stopped. A queued job that could run for minutes waits in vain, unless all slots for it are busy.
 */
export const stalled = sql<boolean>`case
  when ${jobs.state} = 'running' then ${jobs.leaseUntil} < now()
  when ${jobs.state} <> 'queued' then false
  when not exists (
    select from ${jobQueue} q
    where q.job_id = ${jobs.id} and q.due
      and q.ready_at < now() - make_interval(secs => ${sql.raw(String(stalledAfterSeconds))})) then false
  when ${isPausedJob} or exists (select from ${reached}) then false
  else coalesce(${slotsOfKind} > ${runningOfKind}, true) end`;
