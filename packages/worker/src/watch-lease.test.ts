import type { Db } from '@portfolio/core/context';
import { transitions } from '@portfolio/core/job/transitions';
import { createLog } from '@portfolio/core/runtime/log';
import { DependencyUnavailable } from '@portfolio/core/runtime/outage';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchLease } from './watch-lease.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const leaseSeconds = 3;
const silent = { async *[Symbol.asyncIterator]() {}, [Symbol.dispose]() {} };
const jobBus = { subscribe: () => silent } as unknown as Parameters<typeof watchLease>[0]['jobBus'];

test('a lease lasts from when it was asked for, however late the answer came', async () => {
  const answer = Promise.withResolvers<{ cancelRequestedAt: null }>();
  const never = new Promise<never>(() => {});
  const heartbeat = vi.spyOn(transitions, 'heartbeat');
  heartbeat.mockReturnValueOnce(answer.promise).mockReturnValue(never);
  using watch = watchLease({ jobBus }, { id: 'job_1', token: 'token' });
  const services = { db: {} as Db, leaseSeconds, log: createLog('test', 'silent') };
  watch.keep(services, async () => {});

  // Asked for after one second, answered after nearly two: it lasts until the fourth, not until nearly the fifth.
  await vi.advanceTimersByTimeAsync(1900);
  answer.resolve({ cancelRequestedAt: null });
  await vi.advanceTimersByTimeAsync(2000);
  expect(watch.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  expect(watch.signal.reason).toBeInstanceOf(DependencyUnavailable);
});
