import {
  type Bounds,
  type Guard,
  type Job,
  type Open,
  type State,
  unfinishedIn,
  type Worker,
} from './state.ts';

const starts = (job: Job | undefined) => job?.state === 'running';

/** One statement and its trigger: reads committed rows, and writes a copy. */
export class Transaction {
  readonly before: State;
  readonly bounds: Bounds;
  readonly shared = new Set<number>();
  readonly wakes = new Set<string>();
  jobs: (Job | undefined)[];
  queue: boolean[];
  workers: Worker[];
  messages: ReadonlySet<string>;
  open: readonly Open[];
  isPaused: boolean;
  left: State['left'];

  constructor(before: State, bounds: Bounds) {
    this.before = before;
    this.bounds = bounds;
    this.jobs = [...before.jobs];
    this.queue = [...before.queue];
    this.workers = [...before.workers];
    ({ messages: this.messages, open: this.open, isPaused: this.isPaused, left: this.left } = before);
  }

  has = (guard: Guard) => this.bounds.without !== guard;

  insert(id: number) {
    const row = { isDue: true, isExpired: false, isCancelRequested: false, lastSeq: 1, events: 1 };
    const { maxAttempts } = this.bounds;
    this.jobs[id] = { state: 'queued', turn: this.nextTurn(), attempt: 0, maxAttempts, ...row };
  }

  /** Changes a row, with its event. */
  change(id: number, values: Partial<Job>) {
    const job = this.jobs[id]!;
    const events = job.events + Number(this.has('event: for every change'));
    this.jobs[id] = { ...job, isExpired: false, ...values, lastSeq: job.lastSeq + 1, events };
  }

  /** Removes the row of `job_queue`, and locks the job, which does not change. */
  removeRow(id: number) {
    this.jobs[id] = { ...this.jobs[id]! };
    this.queue[id] = false;
  }

  setWorker(index: number, values: Partial<Worker>) {
    this.workers[index] = { ...this.workers[index]!, ...values };
  }

  spend(what: keyof State['left']) {
    this.left = { ...this.left, [what]: this.left[what] - 1 };
  }

  /** From a sequence, which does not wait for commits. */
  nextTurn() {
    const rows = [...this.jobs, ...this.before.open.flatMap(({ jobs }) => [...jobs.values()])];
    return 1 + Math.max(0, ...rows.map((job) => job?.turn ?? 0));
  }

  changed(): number[] {
    return [...this.jobs.keys()].filter((id) => this.jobs[id] !== this.before.jobs[id]);
  }

  /** The trigger `jobs_queue`. */
  updateQueue() {
    for (const id of this.changed()) {
      const { state } = this.jobs[id]!;
      if (state === this.before.jobs[id]?.state) continue;
      this.queue[id] &&= state === 'queued';
      if (state === 'queued') this.enqueued(id);
      else if (state !== 'running') this.ended(id);
    }
  }

  /** Enqueues the job, or locks the one before it: that one's end, which must not be missed, enqueues the next. */
  private enqueued(id: number) {
    const { group, kind } = this.bounds.jobs[id]!;
    const unfinished = unfinishedIn(group, this, this.bounds);
    const previous = unfinished[unfinished.indexOf(id) - 1];
    this.wakes.add(kind);
    if (previous === undefined) this.queue[id] = true;
    else {
      this.wakes.add(this.bounds.jobs[unfinished[0]!]!.kind);
      if (this.has('trigger: locks the job before a queued one')) this.shared.add(previous);
    }
  }

  /** Enqueues the next job of the group, after locking it: its end must not be missed. */
  private ended(id: number) {
    const [next] = unfinishedIn(this.bounds.jobs[id]!.group, this, this.bounds);
    if (next === undefined || this.jobs[next]!.state !== 'queued') return;
    if (!this.has('trigger: enqueues the next job')) return;
    if (this.has('trigger: locks the next job')) this.shared.add(next);
    this.queue[next] = true;
    this.wakes.add(this.bounds.jobs[next]!.kind);
  }

  /** True if it waits for a lock of an open transaction, or for its entry in the unique index. */
  isBlocked(): boolean {
    const rows = this.changed();
    const isUnique = this.has('claim: unique index of running jobs');
    const groupOf = (id: number) => this.bounds.jobs[id]!.group;
    return this.before.open.some(
      ({ jobs, shared }) =>
        rows.some((id) => jobs.has(id) || shared.has(id)) ||
        [...this.shared].some((id) => jobs.has(id)) ||
        (isUnique &&
          [...jobs].some(
            ([other, job]) =>
              starts(job) && rows.some((id) => starts(this.jobs[id]) && groupOf(id) === groupOf(other)),
          )),
    );
  }
}
