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
const noHints = { async *[Symbol.asyncIterator]() {}, [Symbol.dispose]() {} };
const jobBus = { subscribe: () => noHints } as unknown as Parameters<typeof watchLease>[0]['jobBus'];

test('a lease counts from the request for it, however late the response arrived', async () => {
  const response = Promise.withResolvers<{ cancelRequestedAt: null }>();
  const never = new Promise<never>(() => {});
  const heartbeat = vi.spyOn(transitions, 'heartbeat');
  heartbeat.mockReturnValueOnce(response.promise).mockReturnValue(never);
  using watch = watchLease({ jobBus }, { id: 'job_1', token: 'token' });
  const services = { db: {} as Db, leaseSeconds, log: createLog('test', 'silent') };
  watch.keep(services, async () => {});

  // Requested after one second, confirmed after nearly two: it expires after four seconds, not after nearly five.
  await vi.advanceTimersByTimeAsync(1900);
  response.resolve({ cancelRequestedAt: null });
  await vi.advanceTimersByTimeAsync(2000);
  expect(watch.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(100);
  expect(watch.signal.reason).toBeInstanceOf(DependencyUnavailable);
});
