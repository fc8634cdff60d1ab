import type { Job } from './types.ts';

/** For tests: a newly accepted job, with the given fields. */
export function testJob(about: Partial<Job> = {}): Job {
  return {
    id: 'job_1',
    portfolio: 'acme',
    kind: 'export.pdf',
    title: 'PDF of “Faster reads”',
    state: 'queued',
    priority: 'normal',
    attempt: 0,
    maxAttempts: 5,
    progress: 0,
    step: null,
    result: null,
    error: null,
    requestedBy: 'user',
    lastSeq: 1,
    traceId: '65f0c1a2000000000000000000000001',
    waiting: null,
    stalled: false,
    retryAt: null,
    cancelRequestedAt: null,
    createdAt: '2026-01-02T03:04:05.000Z',
    updatedAt: '2026-01-02T03:04:05.000Z',
    startedAt: null,
    finishedAt: null,
    ...about,
  };
}
