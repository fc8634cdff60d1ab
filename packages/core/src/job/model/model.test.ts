import { describe, expect, test } from 'vitest';
import { readStatements } from '../../../../../tests/support/statements.ts';
import { events, statements } from './moves.ts';
import { search } from './search.ts';
import { type Bounds, type Guard, guards } from './state.ts';

const [first, second, other] = [
  { group: 'a', kind: 'export' },
  { group: 'a', kind: 'sync' },
  { group: 'b', kind: 'sync' },
];
const group = [first, second];
const limits = { workers: 2, slots: 1, maxAttempts: 2, faults: 1, requests: 1 };
const quiet = { ...limits, faults: 0, requests: 0 };

const searches = {
  'with a fault, in two groups': {
    ...limits,
    requests: 0,
    jobs: [first, second, other],
    openTransactions: 0,
    claims: 'at any time',
  },
  'with a fault and a request, while a transaction is open': {
    ...limits,
    jobs: group,
    openTransactions: 1,
    claims: 'at any time',
  },
  'while two transactions are open': { ...quiet, jobs: group, openTransactions: 2, claims: 'at any time' },
  'by wake-ups alone, without the sweep': {
    ...quiet,
    requests: 1,
    jobs: group,
    openTransactions: 1,
    claims: 'when woken',
  },
  'by wake-ups alone, of jobs that need the same slots': {
    ...quiet,
    jobs: [first, { ...first, group: 'b' }],
    openTransactions: 1,
    claims: 'when woken',
  },
} as const satisfies Record<string, Bounds>;

describe('every invariant of the pipeline holds in every state that can be reached', () => {
  const taken = new Set<string>();

  test.each(Object.entries(searches))('%s', (_name, bounds) => {
    const { violated, trace, taken: some } = search(bounds);
    expect({ violated, trace }).toEqual({ violated: undefined, trace: [] });
    for (const move of some) taken.add(move);
  });

  test('and these states need every move', () => {
    const unused = Object.keys({ ...statements, ...events }).filter((move) => !taken.has(move));
    // It changes no job.
    expect(unused).toEqual(['dead letter received']);
  });
});

test('the moves of the model are the statements that change jobs', () => {
  const others = {
    job_progress: 'changes no state',
    job_raise_group_priority: 'the model claims in any order of priorities',
    job_end_many: 'as job_end',
    job_cancel_many: 'as job_cancel',
    job_requeue_many: 'as job_requeue',
    job_redrive: 'as job_requeue',
    job_mark_file_deleted: 'changes no state',
  };
  const writing = [...readStatements()].filter(([, { sql }]) => /(update|insert into) "jobs"/.test(sql));
  expect(writing.map(([name]) => name).toSorted()).toEqual(
    [...Object.keys(statements), ...Object.keys(others)].toSorted(),
  );
});

type Consequence = { violated: string; in: keyof typeof searches };

/** What a search finds without one part of the protocol: the invariants are able to fail. */
const consequences: Record<Guard, Consequence> = {
  'claim: turn guard': {
    violated: 'a job starts after the earlier ones of its group have ended',
    in: 'with a fault and a request, while a transaction is open',
  },
  'claim: unique index of running jobs': {
    violated: 'two jobs of a group never run at the same time',
    in: 'while two transactions are open',
  },
  'claim: counts the attempt': {
    violated: 'attempts are counted one by one',
    in: 'with a fault, in two groups',
  },
  'claim: passes the wake-up on': {
    violated: 'no job waits while a worker has a free slot',
    in: 'by wake-ups alone, of jobs that need the same slots',
  },
  'claim: keeps the rows of jobs that it refuses': {
    violated: 'the first job of a group is in job_queue if it is queued',
    in: 'while two transactions are open',
  },
  'end: token': {
    violated: 'only the holder of the lease writes a result',
    in: 'with a fault, in two groups',
  },
  'end: refuses a job to be cancelled': {
    violated: 'a running job to be cancelled ends only as cancelled',
    in: 'with a fault and a request, while a transaction is open',
  },
  'reaper: cancels a job to be cancelled': {
    violated: 'a running job to be cancelled ends only as cancelled',
    in: 'with a fault and a request, while a transaction is open',
  },
  'trigger: enqueues the next job': {
    violated: 'the first job of a group is in job_queue if it is queued',
    in: 'with a fault and a request, while a transaction is open',
  },
  'trigger: locks the job before a queued one': {
    violated: 'the first job of a group is in job_queue if it is queued',
    in: 'with a fault and a request, while a transaction is open',
  },
  'trigger: locks the next job': {
    violated: 'no other job is in job_queue',
    in: 'with a fault and a request, while a transaction is open',
  },
  'wake-up: after the commit': {
    violated: 'no job waits while a worker has a free slot',
    in: 'by wake-ups alone, of jobs that need the same slots',
  },
  'dead letter: changes no job': {
    violated: 'queued → dead is not a move',
    in: 'with a fault, in two groups',
  },
  'event: for every change': {
    violated: 'events have no gap',
    in: 'with a fault, in two groups',
  },
};

test.each(guards)('the search notices if the protocol lacks “%s”', (without) => {
  const { violated, in: name } = consequences[without];
  expect(search({ ...searches[name], without }).violated).toBe(violated);
});
