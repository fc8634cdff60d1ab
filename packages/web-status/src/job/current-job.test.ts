import { expect, test } from 'vitest';
import { testJob } from '../test-job.ts';
import type { JobEvent } from '../types.ts';
import { currentJob } from './current-job.ts';
import { appendEvent } from './event-log.ts';

function anEvent(about: Partial<JobEvent>): JobEvent {
  const at = '2026-01-02T03:05:00.000Z';
  return {
    seq: 2,
    at,
    type: 'progress',
    state: 'running',
    attempt: 1,
    progress: 0,
    step: null,
    error: null,
    ...about,
  };
}

test('the latest version of a job wins, whatever their order', () => {
  const older = testJob({ lastSeq: 3 });
  const newer = testJob({ lastSeq: 7 });
  expect(currentJob([older, newer], undefined)).toBe(newer);
  expect(currentJob([newer, older], undefined)).toBe(newer);
  expect(currentJob([undefined, older], undefined)).toBe(older);
  expect(currentJob([older, undefined], undefined)).toBe(older);
});

test('an event that is newer than the versions updates the job', () => {
  const job = currentJob(
    [testJob({ lastSeq: 2, title: 'A' })],
    anEvent({ seq: 3, progress: 0.5, step: 'laying out page 1' }),
  );
  expect(job).toMatchObject({ title: 'A', state: 'running', attempt: 1, progress: 0.5, lastSeq: 3 });
  expect(job?.step).toBe('laying out page 1');
});

test('an event that a version already contains changes nothing', () => {
  const done = testJob({ lastSeq: 9, state: 'succeeded', progress: 1 });
  expect(currentJob([done], anEvent({ seq: 9, progress: 0.9 }))).toBe(done);
});

test('the last event sets the time when the job finished', () => {
  const job = currentJob([testJob()], anEvent({ type: 'failed', state: 'failed' }));
  expect(job?.finishedAt).toBe('2026-01-02T03:05:00.000Z');
});

test('events update a job through a requested cancellation, its completion and a retry', () => {
  const running = testJob({ state: 'running', attempt: 1 });
  const cancelling = currentJob([running], anEvent({ type: 'cancelling' }))!;
  expect(cancelling).toMatchObject({ cancelRequestedAt: '2026-01-02T03:05:00.000Z', finishedAt: null });
  const ended = currentJob([cancelling], anEvent({ seq: 3, type: 'cancelled', state: 'cancelled' }))!;
  expect(ended).toMatchObject({ state: 'cancelled', finishedAt: '2026-01-02T03:05:00.000Z' });
  const again = currentJob([ended], anEvent({ seq: 4, type: 'requeued', state: 'queued' }));
  expect(again).toMatchObject({ cancelRequestedAt: null, finishedAt: null });
});

test('without any version there is no job, even with events', () => {
  expect(currentJob([undefined], anEvent({}))).toBeUndefined();
});

test('the log contains each event once, even if a resumed stream repeats some', () => {
  const sent = [1, 2, 3, 2, 3, 4].map((seq) => anEvent({ seq }));
  const log = sent.reduce<readonly JobEvent[]>(appendEvent, []);
  expect(log.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
});
