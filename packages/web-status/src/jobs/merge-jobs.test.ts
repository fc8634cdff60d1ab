import { expect, test } from 'vitest';
import { testJob } from '../test-job.ts';
import { mergeJobs } from './merge-jobs.ts';

const all = { state: undefined, hasMore: false };
const live = (...jobs: ReturnType<typeof testJob>[]) => new Map(jobs.map((job) => [job.id, job]));
const ids = (jobs: { id: string }[]) => jobs.map(({ id }) => id);

test('a changed job replaces its listed version in place', () => {
  const listed = [testJob({ id: 'job_3' }), testJob({ id: 'job_2', lastSeq: 4 }), testJob({ id: 'job_1' })];
  const merged = mergeJobs(listed, live(testJob({ id: 'job_2', lastSeq: 5, state: 'succeeded' })), all);
  expect(ids(merged)).toEqual(['job_3', 'job_2', 'job_1']);
  expect(merged[1]).toMatchObject({ state: 'succeeded', lastSeq: 5 });
});

test('a live version that is older than the listed one is ignored', () => {
  const listed = [testJob({ id: 'job_1', lastSeq: 5, state: 'succeeded' })];
  const merged = mergeJobs(listed, live(testJob({ id: 'job_1', lastSeq: 4, state: 'running' })), all);
  expect(merged[0]?.state).toBe('succeeded');
});

test('a new job comes first', () => {
  const merged = mergeJobs([testJob({ id: 'job_1' })], live(testJob({ id: 'job_2' })), all);
  expect(ids(merged)).toEqual(['job_2', 'job_1']);
});

test('a job whose state no longer matches the filter is removed from the list', () => {
  const listed = [testJob({ id: 'job_1', lastSeq: 2, state: 'running' })];
  const changed = live(testJob({ id: 'job_1', lastSeq: 3, state: 'failed' }));
  expect(mergeJobs(listed, changed, { ...all, state: 'running' })).toEqual([]);
});

test('a job whose state now matches the filter is added to the list', () => {
  const changed = live(testJob({ id: 'job_1', state: 'failed' }), testJob({ id: 'job_2', state: 'running' }));
  expect(ids(mergeJobs([], changed, { ...all, state: 'failed' }))).toEqual(['job_1']);
});

test('an old job is not added to the end of the list while older pages are not loaded', () => {
  const listed = [testJob({ id: 'job_5' }), testJob({ id: 'job_4' })];
  const changed = live(testJob({ id: 'job_1' }));
  expect(ids(mergeJobs(listed, changed, { ...all, hasMore: true }))).toEqual(['job_5', 'job_4']);
  expect(ids(mergeJobs(listed, changed, all))).toEqual(['job_5', 'job_4', 'job_1']);
});
