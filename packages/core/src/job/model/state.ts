import type { JobState } from '../schemas.ts';

/** A row of `jobs`. Its index in `State.jobs` is its id. */
export type Job = Readonly<{
  state: JobState;
  turn: number;
  /** Is the token of the lease as well: no two claims of a job have the same number. */
  attempt: number;
  maxAttempts: number;
  /** Whether `run_at` has passed. */
  isDue: boolean;
  /** Whether `lease_until` has passed. */
  isExpired: boolean;
  isCancelRequested: boolean;
  /** The attempt whose result the job has. */
  result?: number;
  lastSeq: number;
  events: number;
}>;

/** A worker process: what it knows, which is not always what the tables contain. */
export type Worker = Readonly<{
  isFrozen: boolean;
  /** It has received a wake-up and is about to claim. */
  isAwake: boolean;
  attempts: readonly Readonly<{ id: number; attempt: number }>[];
}>;

/** A transaction that has run its statement and not committed. Others meet its locks, but do not see its writes. */
export type Open = Readonly<{
  jobs: ReadonlyMap<number, Job>;
  queue: ReadonlyMap<number, boolean>;
  /** Rows of `jobs` that are locked `for share`. */
  shared: ReadonlySet<number>;
  wakes: ReadonlySet<string>;
}>;

export type State = Readonly<{
  jobs: readonly (Job | undefined)[];
  /** Whether a job has a row in `job_queue`. */
  queue: readonly boolean[];
  workers: readonly Worker[];
  /** The kinds whose queue contains a wake-up. A second one would change nothing. */
  messages: ReadonlySet<string>;
  open: readonly Open[];
  isPaused: boolean;
  /** How many more faults happen, and how many more requests of users besides those that accept jobs. */
  left: Readonly<{ faults: number; requests: number }>;
}>;

/** The parts of the protocol on which the guarantee rests. The search notices if one is missing. */
export const guards = [
  'claim: turn guard',
  'claim: unique index of running jobs',
  'claim: counts the attempt',
  'claim: passes the wake-up on',
  'claim: keeps the rows of jobs that it refuses',
  'end: token',
  'end: refuses a job to be cancelled',
  'reaper: cancels a job to be cancelled',
  'trigger: enqueues the next job',
  'trigger: locks the job before a queued one',
  'trigger: locks the next job',
  'wake-up: after the commit',
  'dead letter: changes no job',
  'event: for every change',
] as const;
export type Guard = (typeof guards)[number];

/** What a search covers. The first job's tenant may be paused; its jobs are those of the same group. */
export type Bounds = Readonly<{
  jobs: readonly Readonly<{ group: string; kind: string }>[];
  workers: number;
  /** The slots of each worker for each kind. */
  slots: number;
  maxAttempts: number;
  faults: number;
  requests: number;
  /** How many transactions may stay open while others run. */
  openTransactions: number;
  /**
   * “When woken”: every wake-up arrives once, and no sweep claims or repairs; this needs `faults: 0`. “At any time”:
   * workers sweep, which includes whatever lost, repeated and late wake-ups and dead letters can cause.
   */
  claims: 'when woken' | 'at any time';
  without?: Guard;
}>;

export const isUnfinished = (job: Job | undefined): boolean =>
  job?.state === 'queued' || job?.state === 'running';

/** The unfinished jobs of a group, in the order of their turns. */
export function unfinishedIn(group: string, { jobs }: Pick<State, 'jobs'>, bounds: Bounds): number[] {
  const ids = [...jobs.keys()].filter((id) => bounds.jobs[id]!.group === group && isUnfinished(jobs[id]));
  return ids.toSorted((one, other) => jobs[one]!.turn - jobs[other]!.turn);
}

export function initialState(bounds: Bounds): State {
  return {
    jobs: bounds.jobs.map(() => undefined),
    queue: bounds.jobs.map(() => false),
    workers: Array.from({ length: bounds.workers }, () => ({
      isFrozen: false,
      isAwake: false,
      attempts: [],
    })),
    messages: new Set(),
    open: [],
    isPaused: false,
    left: { faults: bounds.faults, requests: bounds.requests },
  };
}

const flag = (value: boolean, letter: string) => (value ? letter : '');

/**
 * Equal for states that behave in the same way: workers are interchangeable, and of numbers that only grow, only the
 * order counts.
 */
export function keyOf({ jobs, queue, workers, messages, open, isPaused, left }: State): string {
  const turns = [...jobs, ...open.flatMap((its) => [...its.jobs.values()])].map((job) =>
    job && isUnfinished(job) ? job.turn : Infinity,
  );
  const keyOfJob = (job: Job | undefined) => {
    if (!job || !isUnfinished(job)) return job?.state[0] ?? '-';
    const rank = turns.filter((turn) => turn < job.turn).length;
    const flags = flag(job.isDue, 'd') + flag(job.isExpired, 'e') + flag(job.isCancelRequested, 'c');
    return `${job.state[0]}${rank}${job.maxAttempts - job.attempt}${flags}`;
  };
  const keyOfWorker = ({ isFrozen, isAwake, attempts }: Worker) => {
    const tokens = attempts.map(({ id, attempt }) => `${id}${Math.sign(attempt - jobs[id]!.attempt)}`);
    return flag(isFrozen, 'f') + flag(isAwake, 'a') + tokens.toSorted().join('');
  };
  const keyOfOpen = (its: Open) =>
    [
      ...[...its.jobs].map(([id, job]) => `${id}${keyOfJob(job)}`),
      ...[...its.queue].map(([id, isQueued]) => `${id}${isQueued}`),
      ...its.shared,
      ...its.wakes,
    ].join('+');
  return [
    ...jobs.map((job, id) => keyOfJob(job) + flag(queue[id]!, '+')),
    ...workers.map(keyOfWorker).toSorted(),
    [...messages].toSorted().join('+'),
    ...open.map(keyOfOpen).toSorted(),
    flag(isPaused, 'p') + left.faults,
    left.requests,
  ].join();
}
