import { isFinal } from '../schemas.ts';
import { moves } from '../transitions.ts';
import { claimable, freeSlots, isPaused } from './moves.ts';
import { type Bounds, type Job, type State, unfinishedIn } from './state.ts';
import type { Transaction } from './transaction.ts';

/** What holds for every row that a statement changes. `state` is what the statement saw. */
type RowInvariant = (
  before: Job | undefined,
  after: Job,
  id: number,
  state: State,
  bounds: Bounds,
) => boolean;

const rowInvariants: Record<string, RowInvariant> = {
  'a job that succeeded never changes': (before) => before?.state !== 'succeeded',
  'only the holder of the lease writes a result': (before, after) =>
    after.result === undefined || (before?.state === 'running' && before.attempt === after.result),
  'a job starts after the earlier ones of its group have ended': (before, after, id, state, bounds) =>
    before?.state !== 'queued' ||
    after.state !== 'running' ||
    unfinishedIn(bounds.jobs[id]!.group, state, bounds)[0] === id,
  'attempts are counted one by one': (before, after) =>
    after.attempt <= after.maxAttempts &&
    after.attempt ===
      (before?.attempt ?? 0) + Number(before?.state === 'queued' && after.state === 'running'),
  'a job is dead only if the worker of its last attempt was lost': (before, after) =>
    after.state !== 'dead' ||
    (before?.state === 'running' && before.isExpired && before.attempt === before.maxAttempts),
  'a running job to be cancelled ends only as cancelled': (before, after) =>
    before?.state !== 'running' ||
    !before.isCancelRequested ||
    ['running', 'cancelled'].includes(after.state),
  /** Only the passing of time, and a heartbeat, change a row without an event. */
  'events have no gap': (before, after) =>
    after.events === after.lastSeq &&
    (after.lastSeq === (before?.lastSeq ?? 0) + 1 ||
      (after.lastSeq === before?.lastSeq && isSame(before, after))),
};

const isSame = (one: Job, other: Job) =>
  one.state === other.state &&
  one.attempt === other.attempt &&
  one.isCancelRequested === other.isCancelRequested;

/** What holds in every committed state, for the unfinished jobs of a group by turn. */
type GroupInvariant = (unfinished: number[], state: State, bounds: Bounds) => boolean;

const groupInvariants: Record<string, GroupInvariant> = {
  'two jobs of a group never run at the same time': (ids, { jobs }) =>
    ids.filter((id) => jobs[id]!.state === 'running').length <= 1,
  'the first job of a group is in job_queue if it is queued': ([first], { jobs, queue }) =>
    first === undefined || queue[first] === (jobs[first]!.state === 'queued'),
  /** Of jobs that are accepted at the same time, each may be the first that its transaction sees. */
  'no other job is in job_queue': ([, ...others], { jobs, queue }, { openTransactions }) =>
    queue.every((isQueued, id) => !isQueued || jobs[id]?.state === 'queued') &&
    (openTransactions > 0 || others.every((id) => !queue[id])),
};

/** The invariant that a statement violates, or the move that `transitions.ts` does not have. */
export function violatedBy(tx: Transaction): string | undefined {
  const { before: state, bounds } = tx;
  for (const id of tx.changed()) {
    const [before, after] = [state.jobs[id], tx.jobs[id]!];
    const allowed: readonly string[] = before ? [before.state, ...moves[before.state]] : ['queued'];
    if (!allowed.includes(after.state)) return `${before?.state} → ${after.state} is not a move`;
    for (const [name, holds] of Object.entries(rowInvariants)) {
      if (!holds(before, after, id, state, bounds)) return name;
    }
  }
  return undefined;
}

/** True if a job waits only for the sweep: no worker with a free slot claims it, and none is going to be woken for it. */
const isForgotten = ({ workers, messages }: State, kind: string, bounds: Bounds) => {
  const free = workers.filter((worker) => freeSlots(worker, kind, bounds) > 0);
  return free.length > 0 && !messages.has(kind) && !free.some(({ isAwake }) => isAwake);
};

/** The invariant that a state violates. */
export function violatedIn(state: State, bounds: Bounds): string | undefined {
  if (bounds.claims === 'when woken' && state.open.length === 0) {
    const isAny = claimable(state, bounds).some((id) => isForgotten(state, bounds.jobs[id]!.kind, bounds));
    if (isAny) return 'no job waits while a worker has a free slot';
  }
  const groups = [...new Set(bounds.jobs.map(({ group }) => group))];
  return Object.entries(groupInvariants).find(([, holds]) =>
    groups.some((group) => !holds(unfinishedIn(group, state, bounds), state, bounds)),
  )?.[0];
}

/** True if every job that is not paused has finished. */
export const isSettled = (state: State, bounds: Bounds) =>
  state.jobs.every((job, id) => !job || isFinal(job.state) || isPaused(id, state, bounds));
