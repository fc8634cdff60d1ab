import type { Bucket, Db, Encryption, JobBus, WakeUps } from '../context.ts';
import type { Logger } from '../runtime/log.ts';

/** The period of a run, in ISO 8601 UTC; `to` is exclusive. */
export type Period = { from: string; to: string };

type TaskTools = {
  db: Db;
  /** For analytical reads: may lag behind `db`, and is read-only. */
  reader: Db;
  bucket: Bucket;
  /** For the jobs that a task queues. */
  jobBus: JobBus;
  wakeUps: WakeUps;
  encryption: Encryption;
  log: Logger;
  period: Period;
  /** Aborted when the run must stop: its lease is lost, its time is up, or the worker stops. Check it between steps. */
  signal: AbortSignal;
};

/**
 * A scheduled task, run by one worker at a time. A run may be interrupted anywhere and may, if its worker was frozen,
 * briefly overlap the next one: it must be idempotent.
 */
export type Task = {
  name: string;
  /** Runs are due at multiples of this since 1970 in UTC: at the beginning of each day, hour or minute. */
  everySeconds: number;
  /** After an outage: one run for all missed periods, or one for each missed period, the oldest first. */
  missed: 'skip' | 'catch-up';
  /** Resolves to the number of processed items. */
  run(tools: TaskTools): Promise<number>;
};

/** The period of a run that was due at `due` and starts at `now`, both by the database's clock. */
export function periodOf(
  { everySeconds, missed }: Pick<Task, 'everySeconds' | 'missed'>,
  { due, now }: { due: string; now: string },
): Period {
  const every = everySeconds * 1000;
  const newest = Math.floor(Date.parse(now) / every) * every;
  const to = missed === 'skip' ? Math.max(newest, Date.parse(due)) : Date.parse(due);
  return { from: new Date(to - every).toISOString(), to: new Date(to).toISOString() };
}
