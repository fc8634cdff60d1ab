import { and, eq, sql } from 'drizzle-orm';
import { randomUUID } from 'node:crypto';
import type { Db } from '../context.ts';
import { iso } from '../sql.ts';
import { schedules } from './schedule.sql.ts';
import { type Period, type Task, periodOf } from './task.ts';

/** Later than this no failed run is repeated. */
const maxRetrySeconds = 3600;

/**
 * Who runs a task is decided by a lease row and the database's clock, as with jobs. An advisory lock would belong to a
 * connection, and a frozen process keeps its connections.
 */
type RunLease = { name: string; token: string };
export type ClaimedRun = RunLease & { task: Task; period: Period; failures: number };

const seconds = (count: number) => sql`make_interval(secs => ${count})`;
const released = { leaseToken: null, leaseUntil: null };
const held = ({ name, token }: RunLease) => and(eq(schedules.name, name), eq(schedules.leaseToken, token));

/** Makes tasks known that the database has not seen yet: the first run of each ends the period that is passing. */
export async function registerTasks(db: Db, tasks: readonly Task[]): Promise<void> {
  for (const { name, everySeconds } of tasks) {
    const every = seconds(everySeconds);
    const nextRunAt = sql`date_bin(${every}, now(), to_timestamp(0)) + ${every}`;
    await db.insert(schedules).values({ name, nextRunAt }).onConflictDoNothing();
  }
}

/**
 * Takes the task that has been due for longest and that nobody runs; undefined where there is none. A claim counts as
 * a failure until the run has succeeded: also one that takes its worker along is repeated later and later.
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

/** Prolongs a run's lease; false where it is no longer held. */
export async function prolongRun(db: Db, run: RunLease, leaseSeconds: number): Promise<boolean> {
  const leaseUntil = sql`now() + ${seconds(leaseSeconds)}`;
  return any(await db.update(schedules).set({ leaseUntil }).where(held(run)).returning(name));
}

/** Ends a run that succeeded: the period after its own is next. False where the lease is no longer held. */
export async function endRun(db: Db, { task, period, ...lease }: ClaimedRun): Promise<boolean> {
  const nextRunAt = sql`${period.to}::timestamptz + ${seconds(task.everySeconds)}`;
  const succeeded = { nextRunAt, failures: 0, retryAt: null, lastError: null, lastSucceededAt: sql`now()` };
  const ended = db.update(schedules).set({ ...succeeded, ...released });
  return any(await ended.where(held(lease)).returning(name));
}

/** Ends a run that failed: it is repeated for the same period, later with each failure. */
export async function failRun(
  db: Db,
  run: RunLease,
  lastError: string,
  leaseSeconds: number,
): Promise<boolean> {
  const retryAt = retryAfter(leaseSeconds, sql`${schedules.failures} - 1`);
  const failed = db.update(schedules).set({ lastError, retryAt, ...released });
  return any(await failed.where(held(run)).returning(name));
}

/** Gives up a run that was cut off by a stop: anybody may take it at once, and it counts for nothing. */
export async function releaseRun(db: Db, run: RunLease): Promise<boolean> {
  const failures = sql`${schedules.failures} - 1`;
  const given = db.update(schedules).set({ failures, retryAt: null, ...released });
  return any(await given.where(held(run)).returning(name));
}

const name = { name: schedules.name };
const any = (rows: unknown[]) => rows.length > 0;

/** First after as long as the lease, so that a worker that is lost delays a run by no more than that. */
function retryAfter(leaseSeconds: number, failuresBefore: ReturnType<typeof sql>) {
  return sql`now() + make_interval(
    secs => least(${leaseSeconds} * 2 ^ least(${failuresBefore}, 20), ${maxRetrySeconds}))`;
}
