import {
  type Bounds,
  initialState,
  isUnfinished,
  type Job,
  type State,
  unfinishedIn,
  type Worker,
} from './state.ts';
import type { Transaction } from './transaction.ts';

/** Every way in which a move can happen in a state. */
type Move = (state: State, bounds: Bounds) => ((tx: Transaction) => void)[];

/** The ids of the jobs that match. */
const jobsThat = ({ jobs }: State, matches: (job: Job, id: number) => boolean) =>
  [...jobs.keys()].filter((id) => jobs[id] !== undefined && matches(jobs[id], id));

const isWritten = (id: number, { open }: State) => open.some(({ jobs }) => jobs.has(id));

/** For statements with `skip locked`. */
const isLocked = (id: number, state: State) =>
  isWritten(id, state) || state.open.some(({ shared }) => shared.has(id));

/** The indices of the workers that match. */
const workersThat = ({ workers }: State, matches: (worker: Worker) => boolean) =>
  [...workers.keys()].filter((index) => matches(workers[index]!));

type Attempt = { worker: number; id: number; attempt: number; job: Job };

/** The attempts that workers believe to be theirs. A frozen worker does nothing. */
const attemptsOf = (state: State): Attempt[] =>
  state.workers.flatMap(({ isFrozen, attempts }, worker) =>
    attempts
      .filter(({ id }) => !isFrozen && !isWritten(id, state))
      .map(({ id, attempt }) => ({ worker, id, attempt, job: state.jobs[id]! })),
  );

/** The guard by token. */
const isLeased = ({ job, attempt }: Attempt, { without }: Bounds) =>
  job.state === 'running' && (job.attempt === attempt || without === 'end: token');

/** Frees the slot of an attempt; the worker claims again. */
function letGo(tx: Transaction, { worker, id, attempt }: Attempt) {
  const attempts = tx.workers[worker]!.attempts.filter((one) => one.id !== id || one.attempt !== attempt);
  tx.setWorker(worker, { attempts, isAwake: tx.bounds.claims === 'when woken' });
}

const kindsOf = ({ jobs }: Bounds) => [...new Set(jobs.map(({ kind }) => kind))];

export const freeSlots = ({ attempts }: Worker, kind: string, { slots, jobs }: Bounds) =>
  slots - attempts.filter(({ id }) => jobs[id]!.kind === kind).length;

export const isPaused = (id: number, state: State, { jobs }: Bounds) =>
  state.isPaused && jobs[id]!.group === jobs[0]!.group;

function hasTurn(id: number, state: State, bounds: Bounds) {
  const unfinished = unfinishedIn(bounds.jobs[id]!.group, state, bounds);
  const isRunning = unfinished.some((other) => state.jobs[other]!.state === 'running');
  return !isRunning && (unfinished[0] === id || bounds.without === 'claim: turn guard');
}

/**
 * The jobs that a claim may choose. The row of one that the guard refuses is deferred, and the worker claims again: as
 * if it had passed it over.
 */
export const claimable = (state: State, bounds: Bounds) =>
  jobsThat(
    state,
    ({ state: its, isDue }, id) =>
      its === 'queued' &&
      isDue &&
      state.queue[id]! &&
      !isPaused(id, state, bounds) &&
      (hasTurn(id, state, bounds) || bounds.without === 'claim: keeps the rows of jobs that it refuses'),
  );

/** The sets of jobs that one claim may choose: as many as there are slots, by any order of tenants and priorities. */
function choicesOf(worker: Worker, state: State, bounds: Bounds): number[][] {
  const ids = claimable(state, bounds);
  const ofKind = (kind: string, some: number[]) => some.filter((id) => bounds.jobs[id]!.kind === kind).length;
  const sets = ids.reduce<number[][]>((all, id) => [...all, ...all.map((set) => [...set, id])], [[]]);
  return sets.filter((set) =>
    kindsOf(bounds).every(
      (kind) => ofKind(kind, set) === Math.min(ofKind(kind, ids), freeSlots(worker, kind, bounds)),
    ),
  );
}

/** The reaper takes rows in any order, and leaves out those that are locked. */
const reap =
  (values: Partial<Job>, matches: (job: Job, hasCancel: boolean) => boolean): Move =>
  (state, { without }) =>
    jobsThat(state, (job, id) => {
      const hasCancel = job.isCancelRequested && without !== 'reaper: cancels a job to be cancelled';
      return job.state === 'running' && job.isExpired && !isLocked(id, state) && matches(job, hasCancel);
    }).map((id) => (tx) => tx.change(id, values));

const isLastAttempt = (job: Job) => job.attempt >= job.maxAttempts;

/** The statements of `transitions.ts` that decide about jobs, by name. */
export const statements = {
  /** Jobs of a group differ in nothing but their order, so that one order of accepting them is enough. */
  job_accept: (state, { jobs }) => {
    const exists = (id: number) => state.jobs[id] !== undefined || isWritten(id, state);
    const isNext = (id: number) =>
      jobs.every(({ group }, other) => group !== jobs[id]!.group || other < id === exists(other));
    return [...jobs.keys()].filter(isNext).map((id) => (tx) => tx.insert(id));
  },
  job_claim: (state, bounds) =>
    workersThat(
      state,
      ({ isFrozen, isAwake }) => !isFrozen && (isAwake || bounds.claims === 'at any time'),
    ).flatMap((index) =>
      choicesOf(state.workers[index]!, state, bounds).map((chosen) => (tx) => {
        const ids = chosen.filter((id) => !isLocked(id, state));
        const refused = ids.filter((id) => !hasTurn(id, state, bounds));
        for (const id of refused) tx.removeRow(id);
        const counted = Number(tx.has('claim: counts the attempt'));
        const taken = ids
          .filter((id) => !refused.includes(id))
          .map((id) => ({ id, attempt: state.jobs[id]!.attempt + counted }));
        for (const { id, attempt } of taken) tx.change(id, { state: 'running', attempt });
        // It claims again if it did not get what it had chosen.
        const isAwake = taken.length < chosen.length && bounds.claims === 'when woken';
        tx.setWorker(index, { isAwake, attempts: [...state.workers[index]!.attempts, ...taken] });
        const full = ids
          .map((id) => bounds.jobs[id]!.kind)
          .filter((kind) => freeSlots(tx.workers[index]!, kind, bounds) === 0);
        if (tx.has('claim: passes the wake-up on')) for (const kind of full) tx.wakes.add(kind);
      }),
    ),
  job_end: (state, bounds) =>
    attemptsOf(state).flatMap((its) => {
      const { id, job, attempt } = its;
      if (!isLeased(its, bounds)) return [(tx) => letGo(tx, its)];
      if (job.isCancelRequested && bounds.without !== 'end: refuses a job to be cancelled') return [];
      const end = (values: Partial<Job>) => (tx: Transaction) => {
        tx.change(id, values);
        letGo(tx, its);
      };
      const later = { state: 'queued', isDue: false } as const;
      const postpone = (tx: Transaction) => {
        tx.spend('faults');
        end({ ...later, maxAttempts: job.maxAttempts + 1 })(tx);
      };
      return [
        end({ state: 'succeeded', result: attempt }),
        isLastAttempt(job) ? end({ state: 'failed' }) : end(later),
        ...(state.left.faults > 0 ? [postpone] : []),
      ];
    }),
  /** A worker that learns that its lease is lost lets go. One that learns of a cancellation stops renewing it. */
  job_heartbeat: (state, bounds) =>
    attemptsOf(state).map((its) => (tx) => {
      const { id, job } = its;
      if (!isLeased(its, bounds)) letGo(tx, its);
      else if (job.isExpired && !job.isCancelRequested) tx.jobs[id] = { ...job, isExpired: false };
    }),
  /** Of a claim whose answer was lost. Here also of one whose worker was killed, which is more than can happen. */
  job_undo_claim: (state) =>
    jobsThat(state, (job, id) => {
      const isKnown = state.workers.some(({ attempts }) =>
        attempts.some((its) => its.id === id && its.attempt === job.attempt),
      );
      return job.state === 'running' && !job.isCancelRequested && !isKnown;
    }).map((id) => (tx) => {
      const { maxAttempts } = state.jobs[id]!;
      tx.change(id, { state: 'queued', maxAttempts: maxAttempts + 1 });
    }),
  job_acknowledge_cancel: (state, bounds) =>
    attemptsOf(state)
      .filter((its) => isLeased(its, bounds) && its.job.isCancelRequested)
      .map((its) => (tx) => {
        tx.change(its.id, { state: 'cancelled' });
        letGo(tx, its);
      }),
  job_cancel: (state) =>
    jobsThat(state, (job) => state.left.requests > 0 && isUnfinished(job) && !job.isCancelRequested).map(
      (id) => (tx) => {
        tx.spend('requests');
        const { state: its, isExpired } = state.jobs[id]!;
        tx.change(id, { state: its === 'queued' ? 'cancelled' : its, isCancelRequested: true, isExpired });
      },
    ),
  job_requeue: (state, bounds) =>
    jobsThat(
      state,
      (job) => state.left.requests > 0 && ['failed', 'cancelled', 'dead'].includes(job.state),
    ).map((id) => (tx) => {
      tx.spend('requests');
      const maxAttempts = state.jobs[id]!.attempt + bounds.maxAttempts;
      const fresh = { isDue: true, isCancelRequested: false };
      tx.change(id, { state: 'queued', turn: tx.nextTurn(), maxAttempts, ...fresh });
    }),
  job_requeue_lost: reap({ state: 'queued' }, (job, hasCancel) => !hasCancel && !isLastAttempt(job)),
  job_mark_lost_dead: reap({ state: 'dead' }, (job, hasCancel) => !hasCancel && isLastAttempt(job)),
  job_cancel_lost: reap({ state: 'cancelled' }, (_job, hasCancel) => hasCancel),
} satisfies Record<string, Move>;

/** What happens around the statements. */
export const events = {
  /** A worker polls only the queues of kinds for which it has a free slot. */
  'wake-up received': (state, bounds) =>
    [...state.messages].flatMap((kind) =>
      workersThat(
        state,
        (worker) => !worker.isFrozen && !worker.isAwake && freeSlots(worker, kind, bounds) > 0,
      ).map((index) => (tx) => {
        tx.setWorker(index, { isAwake: true });
        tx.messages = new Set([...state.messages].filter((other) => other !== kind));
      }),
    ),
  'dead letter received': (state, { without }) =>
    jobsThat(state, (_job, id) => without === 'dead letter: changes no job' && state.queue[id]!).map(
      (id) => (tx) => tx.change(id, { state: 'dead' }),
    ),
  /** A worker renews its leases in time, unless it is frozen or the job is to be cancelled. */
  'lease expired': (state) => {
    const renewed = new Set(
      attemptsOf(state)
        .filter(({ job, attempt }) => job.attempt === attempt && !job.isCancelRequested)
        .map(({ id }) => id),
    );
    return jobsThat(
      state,
      (job, id) => job.state === 'running' && !isWritten(id, state) && !renewed.has(id),
    ).map((id) => (tx) => (tx.jobs[id] = { ...state.jobs[id]!, isExpired: true }));
  },
  /** Found by `job_queue_mark_due`, which wakes its kind. */
  'job became due': (state, bounds) =>
    jobsThat(state, (job, id) => job.state === 'queued' && !job.isDue && !isWritten(id, state)).map(
      (id) => (tx) => {
        tx.jobs[id] = { ...state.jobs[id]!, isDue: true };
        tx.wakes.add(bounds.jobs[id]!.kind);
      },
    ),
  /** Another process takes its place. */
  'worker killed': (state, bounds) =>
    workersThat(
      state,
      ({ isAwake, attempts }) => state.left.faults > 0 && (isAwake || attempts.length > 0),
    ).map((index) => (tx) => {
      tx.spend('faults');
      tx.setWorker(index, initialState(bounds).workers[index]!);
    }),
  'worker frozen': (state) =>
    workersThat(state, ({ isFrozen }) => state.left.faults > 0 && !isFrozen).map((index) => (tx) => {
      tx.spend('faults');
      tx.setWorker(index, { isFrozen: true });
    }),
  'worker continued': (state) =>
    workersThat(state, ({ isFrozen }) => isFrozen).map(
      (index) => (tx) => tx.setWorker(index, { isFrozen: false }),
    ),
  'tenant paused': ({ left }) =>
    left.requests === 0
      ? []
      : [
          (tx) => {
            tx.spend('requests');
            tx.isPaused = true;
          },
        ],
  'tenant resumed': (state, bounds) =>
    state.isPaused
      ? [
          (tx) => {
            tx.isPaused = false;
            for (const kind of kindsOf(bounds)) tx.wakes.add(kind);
          },
        ]
      : [],
  'transaction committed': ({ open, jobs, queue }) =>
    open.map((one) => (tx) => {
      tx.jobs = jobs.map((job, id) => one.jobs.get(id) ?? job);
      tx.queue = queue.map((isQueued, id) => one.queue.get(id) ?? isQueued);
      tx.open = open.filter((other) => other !== one);
      for (const kind of one.wakes) tx.wakes.add(kind);
    }),
  /** A worker whose claim failed has no attempt. */
  'transaction rolled back': ({ open, jobs, workers, left }) =>
    open
      .filter(() => left.faults > 0)
      .map((one) => (tx) => {
        tx.spend('faults');
        tx.open = open.filter((other) => other !== one);
        tx.workers = workers.map(({ attempts, ...worker }) => ({
          ...worker,
          attempts: attempts.filter(({ id, attempt }) => !one.jobs.has(id) || attempt <= jobs[id]!.attempt),
        }));
      }),
} satisfies Record<string, Move>;

/** Moves on which no job may depend to finish. */
export const unfair: readonly string[] = [
  'job_accept',
  'job_cancel',
  'job_requeue',
  'worker killed',
  'worker frozen',
  'tenant paused',
  'tenant resumed',
  'transaction rolled back',
];
