import { expect, test } from 'vitest';
import { testJob } from '../test-job.ts';
import {
  count,
  currentStep,
  disabledWords,
  eventWords,
  fileSize,
  memberWords,
  percent,
  personWords,
  shownState,
  stateChange,
} from './words.ts';

test('a job that waits for a retry is distinct from one that waits for its first attempt', () => {
  expect(shownState(testJob())).toBe('queued');
  expect(shownState(testJob({ attempt: 1 }))).toBe('retrying');
  expect(shownState(testJob({ attempt: 1, state: 'running' }))).toBe('running');
});

test('a running job with a requested cancellation is shown as cancelling until it ends', () => {
  const requested = { attempt: 1, cancelRequestedAt: '2026-01-02T03:04:05.000Z' };
  expect(shownState(testJob({ ...requested, state: 'running' }))).toBe('cancelling');
  expect(shownState(testJob({ ...requested, state: 'cancelled' }))).toBe('cancelled');
});

test('the current step has a text in every state', () => {
  expect(currentStep(testJob())).toBe('Waiting for a worker');
  expect(currentStep(testJob({ attempt: 1 }))).toBe('Waiting for the next attempt');
  expect(currentStep(testJob({ attempt: 1, state: 'running' }))).toBe('Starting');
  expect(currentStep(testJob({ state: 'running', step: 'laying out page 3' }))).toBe('Laying out page 3');
  // A finished job still has the last step of its attempt.
  expect(currentStep(testJob({ state: 'failed', step: 'laying out page 3' }))).toBe('Stopped');
});

test('a change of state is announced with the title of the job', () => {
  expect(stateChange(testJob({ title: 'PDF of “A”', state: 'succeeded' }))).toBe('PDF of “A” succeeded.');
});

test('a line of the log names its attempt', () => {
  expect(eventWords({ type: 'started', attempt: 2, step: null })).toBe('Attempt 2 started');
  expect(eventWords({ type: 'progress', attempt: 2, step: 'storing the file' })).toBe('Storing the file');
});

test('a progress bar is full only at the end', () => {
  expect([0, 0.004, 0.5, 0.999, 1].map(percent)).toEqual([0, 0, 50, 99, 100]);
  expect(percent(0.29)).toBe(29);
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1 kB'],
  [248_125, '248 kB'],
  [1_240_000, '1.24 MB'],
  [999_999, '1 MB'],
  [5_000_000_000_000, '5,000 GB'],
])('%s bytes read "%s"', (bytes, words) => {
  expect(fileSize(bytes)).toBe(words);
});

test('a count of one is in the singular', () => {
  expect([count(1, 'page'), count(1200, 'page')]).toEqual(['1 page', '1,200 pages']);
});

test('a disabled webhook is named by its host alone, with the reason', () => {
  const webhook = { portfolio: 'team', url: 'https://hooks.example.com/T0/secret', description: '' };
  expect(disabledWords({ ...webhook, disabledReason: 'gone' })).toBe(
    'hooks.example.com of team: its receiver answered that it is gone.',
  );
  expect(disabledWords({ ...webhook, description: 'SIEM', disabledReason: 'failing' })).toBe(
    'SIEM (hooks.example.com) of team: no message was delivered for days.',
  );
});

const robin = { id: 'usr_1', name: 'Robin', subject: 'r-17' };

test('a person is shown by name, else as they sign in, else by id', () => {
  expect(personWords(robin)).toBe('Robin');
  expect(personWords({ ...robin, name: null })).toBe('r-17');
  expect(personWords({ ...robin, name: null, subject: null })).toBe('usr_1');
});

test('somebody who is no member any more is shown by id', () => {
  expect(memberWords('usr_1', [robin])).toBe('Robin');
  expect(memberWords('usr_2', [robin])).toBe('usr_2');
});
