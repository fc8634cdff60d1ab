import { expect, test } from 'vitest';
import { search } from './search.ts';
import type { Bounds } from './state.ts';

const jobs = [
  { group: 'a', kind: 'export' },
  { group: 'a', kind: 'sync' },
  { group: 'b', kind: 'sync' },
];
const limits = { workers: 2, slots: 1, maxAttempts: 2, openTransactions: 1 };

test.each<[string, Bounds]>([
  [
    'three jobs, a fault and a request',
    { ...limits, jobs, faults: 1, requests: 1, openTransactions: 0, claims: 'at any time' },
  ],
  ['two faults', { ...limits, jobs: jobs.slice(0, 2), faults: 2, requests: 1, claims: 'at any time' }],
  ['three jobs and a fault', { ...limits, jobs, faults: 1, requests: 0, claims: 'at any time' }],
  ['three jobs and a request', { ...limits, jobs, slots: 2, faults: 0, requests: 1, claims: 'at any time' }],
  [
    'three jobs of a group',
    {
      ...limits,
      jobs: jobs.map(({ kind }) => ({ group: 'a', kind })),
      faults: 0,
      requests: 1,
      claims: 'at any time',
    },
  ],
  ['wake-ups alone', { ...limits, jobs, faults: 0, requests: 1, claims: 'when woken' }],
  [
    'two open transactions',
    { ...limits, jobs, openTransactions: 2, faults: 0, requests: 0, claims: 'at any time' },
  ],
])('every invariant of the pipeline holds with %s', (_name, bounds) => {
  const { violated, trace } = search(bounds);
  expect({ violated, trace }).toEqual({ violated: undefined, trace: [] });
});
