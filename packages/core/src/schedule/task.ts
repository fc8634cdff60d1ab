import type { Bucket, Db, JobBus } from '../context.ts';

/** The time that a run is for, `to` not in it: ISO 8601 UTC. */
export type Period = { from: string; to: string };

type TaskTools = {
  db: Db;
  bucket: Bucket;
  /** For hints of jobs that a task asks for; the sweep rings for them. */
  jobBus: JobBus;
  period: Period;
  /** Fires when the run is to stop: its lease is lost, its time is up, or the worker goes. Look at it between steps. */
  signal: AbortSignal;
};

/**
 * Something that is done again and again, by one worker at a time. A run may be cut off anywhere and may, where its
 * worker was frozen, go on for a moment beside the next one: what it does must come out the same when done twice.
 */
export type Task = {
  name: string;
  /** Runs are due at the multiples of this since 1970, in UTC: each day, hour or minute as it begins. */
  everySeconds: number;
  /** After an outage: one run now for all that were missed, or one for each missed period, the oldest first. */
  missed: 'skip' | 'catch-up';
  /** Resolves to how many things it has dealt with. */
  run(tools: TaskTools): Promise<number>;
};

/** The period that a run is for which became due at `due` and begins at `now`, both by the database's clock. */
export function periodOf(
  { everySeconds, missed }: Pick<Task, 'everySeconds' | 'missed'>,
  { due, now }: { due: string; now: string },
): Period {
  const every = everySeconds * 1000;
  const newest = Math.floor(Date.parse(now) / every) * every;
  const to = missed === 'skip' ? Math.max(newest, Date.parse(due)) : Date.parse(due);
  return { from: new Date(to - every).toISOString(), to: new Date(to).toISOString() };
}
