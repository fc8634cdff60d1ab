import { and, eq, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import type { Db } from '../context.ts';
import { iso } from '../sql.ts';
import { schedules } from './schedule.sql.ts';
import { type Period, type Task, periodOf } from './task.ts';

/** The longest delay before a failed run is repeated. */
const maxRetrySeconds = 3600;

/**
 * As with jobs, a lease in a row and the database's clock decide which worker runs a task. An advisory lock would belong
 * to a connection, which a frozen process keeps open.
 */
type RunLease = { name: string; token: string };
export type ClaimedRun = RunLease & { task: Task; period: Period; failures: number };

const seconds = (count: number) => sql`make_interval(secs => ${count})`;
const released = { leaseToken: null, leaseUntil: null };
const isLeased = ({ name, token }: RunLease) =>
  and(eq(schedules.name, name), eq(schedules.leaseToken, token));

/** Stores tasks that the database does not have yet. The first run of each is due at the end of the current period. */
export async function registerTasks(db: Db, tasks: readonly Task[]): Promise<void> {
  for (const { name, everySeconds } of tasks) {
    const every = seconds(everySeconds);
    const nextRunAt = sql`date_bin(${every}, now(), to_timestamp(0)) + ${every}`;
    await db.insert(schedules).values({ name, nextRunAt }).onConflictDoNothing();
  }
}

/**
 * Claims the task that has been due for longest and has no valid lease; undefined if there is none. A claim counts as a
 * failure until the run succeeds, so that a run that crashes its worker is repeated with growing delays, too.
 */
export async function claimRun(
  db: Db,
  tasks: readonly Task[],
  leaseSeconds: number,
): Promise<ClaimedRun | undefined> {
  const token = randomUUID();
  const names = sql.param(tasks.map(({ name }) => name));
  const [claimed] = await db
    .update(schedules)
    .set({
      leaseToken: token,
      leaseUntil: sql`now() + ${seconds(leaseSeconds)}`,
      failures: sql`${schedules.failures} + 1`,
      retryAt: retryAfter(leaseSeconds, sql`${schedules.failures}`),
      lastStartedAt: sql`now()`,
    })
    .where(
      sql`${schedules.name} = any(array(
        select name from ${schedules}
        where name = any(${names}::text[]) and next_run_at <= now()
          and coalesce(retry_at <= now(), true) and coalesce(lease_until < now(), true)
        order by next_run_at, name limit 1 for update skip locked))`,
    )
    .returning({
      name: schedules.name,
      failures: schedules.failures,
      due: iso(schedules.nextRunAt),
      now: iso(sql`now()`),
    });
  if (!claimed) return undefined;
  const task = tasks.find(({ name }) => name === claimed.name)!;
  return { name: task.name, token, task, period: periodOf(task, claimed), failures: claimed.failures };
}

/** Extends a run's lease; false if the lease is lost. */
export async function extendRun(db: Db, run: RunLease, leaseSeconds: number): Promise<boolean> {
  const leaseUntil = sql`now() + ${seconds(leaseSeconds)}`;
  return any(await db.update(schedules).set({ leaseUntil }).where(isLeased(run)).returning(name));
}

/** Ends a run that succeeded: the next period follows. False if the lease is lost. */
export async function endRun(db: Db, { task, period, ...lease }: ClaimedRun): Promise<boolean> {
  const nextRunAt = sql`${period.to}::timestamptz + ${seconds(task.everySeconds)}`;
  const succeeded = { nextRunAt, failures: 0, retryAt: null, lastError: null, lastSucceededAt: sql`now()` };
  const ended = db.update(schedules).set({ ...succeeded, ...released });
  return any(await ended.where(isLeased(lease)).returning(name));
}

/** Ends a run that failed: it is repeated for the same period, with a delay that grows with each failure. */
export async function failRun(
  db: Db,
  run: RunLease,
  lastError: string,
  leaseSeconds: number,
): Promise<boolean> {
  const retryAt = retryAfter(leaseSeconds, sql`${schedules.failures} - 1`);
  const failed = db.update(schedules).set({ lastError, retryAt, ...released });
  return any(await failed.where(isLeased(run)).returning(name));
}

/** Releases a run that was interrupted by a stop: any worker may claim it immediately, and it is not a failure. */
export async function releaseRun(db: Db, run: RunLease): Promise<boolean> {
  const failures = sql`${schedules.failures} - 1`;
  const given = db.update(schedules).set({ failures, retryAt: null, ...released });
  return any(await given.where(isLeased(run)).returning(name));
}

const name = { name: schedules.name };
const any = (rows: unknown[]) => rows.length > 0;

/** The first delay is as long as the lease, so that a lost worker does not delay a run any further. */
function retryAfter(leaseSeconds: number, failuresBefore: ReturnType<typeof sql>) {
  return sql`now() + make_interval(
    secs => least(${leaseSeconds} * 2 ^ least(${failuresBefore}, 20), ${maxRetrySeconds}))`;
}
