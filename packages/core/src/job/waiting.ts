import { type SQL, sql } from 'drizzle-orm';
import { iso } from '../sql.ts';
import { seenWithinSeconds } from './fleet.ts';
import { jobQueue, jobWorkers, jobs } from './job.sql.ts';
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
const limit = (share: SQL, slots: SQL) =>
  sql`(select case when max((w.shares ->> ${share})::float8) < 1
    then greatest(1, ceil(max((w.shares ->> ${share})::float8) * ${slots}))::int end from ${jobWorkers} w where ${seen})`;
const limitOfKind = limit(sql`${jobs.kind}`, slotsOfKind);
const limitInAll = limit(sql`'all'`, slotsOfAll);

const runningOfTenant = (ofKind: SQL) => sql`(
  select count(*)::int from ${jobs} r
  where r.state = 'running' and r.portfolio_id = ${jobs.portfolioId} ${ofKind})`;
const runningOfKind = runningOfTenant(sql`and r.kind = ${jobs.kind}`);
const runningInAll = runningOfTenant(sql``);

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
  when ${runningOfKind} >= ${limitOfKind} then
    json_build_object('for', 'limit', 'of', 'kind', 'limit', ${limitOfKind}, 'place', ${place})
  when ${runningInAll} >= ${limitInAll} then
    json_build_object('for', 'limit', 'of', 'portfolio', 'limit', ${limitInAll}, 'place', ${place})
  else json_build_object('for', 'worker', 'place', ${place}) end`;

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
  when ${isPausedJob} or coalesce(${runningOfKind} >= ${limitOfKind}, false)
    or coalesce(${runningInAll} >= ${limitInAll}, false) then false
  else coalesce(
    ${slotsOfKind} > (select count(*) from ${jobs} r where r.state = 'running' and r.kind = ${jobs.kind}), true) end`;
