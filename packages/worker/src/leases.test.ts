import type { Db, JobBus, JobHint } from '@portfolio/core/context';
import { transitions } from '@portfolio/core/job/transitions';
import { DependencyUnavailable } from '@portfolio/core/runtime/outage';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { silentLog } from '../../../tests/support/services.ts';
import { JobCancelled, LeaseLost, TimeLimitExceeded, WorkerStopped, createLeases } from './leases.ts';

const leaseSeconds = 3;
const longSeconds = 3600;
type Found = Awaited<ReturnType<typeof transitions.heartbeat>>;

const heartbeat = vi.spyOn(transitions, 'heartbeat');
/** What the database answers: by default, that every lease is held. */
const answer = (change: (found: Found) => Found) =>
  heartbeat.mockImplementation(async (_, leases) =>
    change(leases.map(({ id }) => ({ id, isCancelled: false, isRenewed: true }))),
  );

let stop: AbortController;
let cancel: (jobId: string) => void;
let leases: ReturnType<typeof createLeases>;
let closed: boolean;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  answer((found) => found);
  stop = new AbortController();
  closed = false;
  const waiting: ((hint: IteratorResult<JobHint>) => void)[] = [];
  const jobBus = {
    subscribe: (matches: (hint: JobHint) => boolean) => {
      cancel = (jobId) => {
        const hint: JobHint = { jobId, portfolioId: 'pf_1', cancels: true };
        if (matches(hint)) waiting.shift()?.({ done: false, value: hint });
      };
      return {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise<IteratorResult<JobHint>>((resolve) => waiting.push(resolve)),
        }),
        [Symbol.dispose]: () => (closed = true),
      };
    },
  } as unknown as JobBus;
  leases = createLeases({ pipelineDb: {} as Db, jobBus, log: silentLog, leaseSeconds }, stop.signal);
});
afterEach(() => {
  leases.close();
  vi.useRealTimers();
  heartbeat.mockReset();
});

const hold = (id: string, timeLimitSeconds = longSeconds) =>
  leases.hold({ id, token: 'token' }, performance.now(), timeLimitSeconds);
const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1000);

test('all leases of a process are renewed by one statement, after each third of their time', async () => {
  await pass(2);
  expect(heartbeat).not.toHaveBeenCalled();
  using one = hold('job_1');
  using two = hold('job_2');
  await pass(1);
  expect(heartbeat.mock.calls.map(([, given]) => given.map(({ id }) => id))).toEqual([['job_1', 'job_2']]);
  await pass(30);
  expect(heartbeat).toHaveBeenCalledTimes(31);
  expect(one.signal.aborted || two.signal.aborted).toBe(false);
});

test('an attempt that ended is not renewed', async () => {
  hold('job_1')[Symbol.dispose]();
  await pass(2);
  expect(heartbeat).not.toHaveBeenCalled();
});

test('an attempt whose lease another worker has is aborted, and no other is', async () => {
  using lost = hold('job_1');
  using fine = hold('job_2');
  answer((found) => found.filter(({ id }) => id !== 'job_1'));
  await pass(1);
  expect(lost.signal.reason).toBeInstanceOf(LeaseLost);
  expect(fine.signal.aborted).toBe(false);
});

test('an attempt whose job this process claims again is aborted', () => {
  const old = hold('job_1');
  using again = hold('job_1');
  expect(old.signal.reason).toBeInstanceOf(LeaseLost);
  old[Symbol.dispose]();
  expect(again.signal.aborted).toBe(false);
});

test('a lease whose row others have locked is not lost until its time is over', async () => {
  using held = hold('job_1');
  answer((found) => found.map((one) => ({ ...one, isRenewed: false })));
  await pass(1);
  answer((found) => found);
  await pass(3);
  expect(held.signal.aborted).toBe(false);
  answer((found) => found.map((one) => ({ ...one, isRenewed: false })));
  await pass(3);
  expect(held.signal.reason).toBeInstanceOf(LeaseLost);
});

test('a lease counts from the request for it, however late the response arrived', async () => {
  using held = hold('job_1');
  const response = Promise.withResolvers<Found>();
  heartbeat.mockReturnValueOnce(response.promise).mockReturnValue(new Promise(() => {}));
  // Requested after one second, confirmed after nearly two: it expires after four seconds, not after nearly five.
  await pass(1.9);
  response.resolve([{ id: 'job_1', isCancelled: false, isRenewed: true }]);
  await pass(2);
  expect(held.signal.aborted).toBe(false);
  await pass(0.1);
  expect(held.signal.reason).toBeInstanceOf(DependencyUnavailable);
});

describe('an attempt whose lease could not be renewed', () => {
  test('does not count if the database did not answer', async () => {
    using held = hold('job_1');
    heartbeat.mockReturnValue(new Promise(() => {}));
    await pass(2.9);
    expect(held.signal.aborted).toBe(false);
    await pass(0.1);
    expect(held.signal.reason).toBeInstanceOf(DependencyUnavailable);
  });

  test('does not count if the database refused', async () => {
    using held = hold('job_1');
    heartbeat.mockRejectedValue(new Error('no connection'));
    await pass(3);
    expect(held.signal.reason).toBeInstanceOf(DependencyUnavailable);
  });

  test('counts if the process was frozen: the database was not asked', async () => {
    using held = hold('job_1');
    await pass(1);
    // The clock goes on while no timer fires.
    vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    await pass(1);
    expect(held.signal.reason).toBeInstanceOf(LeaseLost);
    vi.mocked(performance.now).mockRestore();
  });
});

test('an attempt that takes longer than its kind allows is aborted and no longer renewed', async () => {
  using slow = hold('job_1', 4);
  using other = hold('job_2');
  await pass(3);
  expect(slow.signal.aborted).toBe(false);
  await pass(2);
  expect(slow.signal.reason).toBeInstanceOf(TimeLimitExceeded);
  expect(other.signal.aborted).toBe(false);
  expect(heartbeat.mock.calls.at(-1)![1].map(({ id }) => id)).toEqual(['job_2']);
});

const cancelled = () => answer((found) => found.map((one) => ({ ...one, isCancelled: one.id === 'job_1' })));

describe('a cancellation', () => {
  test('reaches the attempt by a hint, without waiting for the next heartbeat, and no other attempt', async () => {
    using one = hold('job_1');
    using two = hold('job_2');
    cancelled();
    cancel('job_1');
    await vi.waitFor(() => expect(one.signal.reason).toBeInstanceOf(JobCancelled));
    expect(two.signal.aborted).toBe(false);
  });

  test('of a job that this process does not run is no reason to ask the database', async () => {
    using _ = hold('job_1');
    cancel('job_9');
    await new Promise(setImmediate);
    expect(heartbeat).not.toHaveBeenCalled();
  });

  test('whose hint arrives while the job is being claimed reaches its attempt', async () => {
    const claimed = Promise.withResolvers<string>();
    const claim = leases.whileClaiming(() => claimed.promise).then((id) => hold(id));
    cancelled();
    cancel('job_1');
    claimed.resolve('job_1');
    using held = await claim;
    await vi.waitFor(() => expect(held.signal.reason).toBeInstanceOf(JobCancelled));
  });

  test('whose hint was lost reaches the attempt with the next heartbeat', async () => {
    using held = hold('job_1');
    cancelled();
    await pass(1);
    expect(held.signal.reason).toBeInstanceOf(JobCancelled);
  });
});

test('a stop aborts every attempt, also one that is claimed after it', () => {
  using one = hold('job_1');
  stop.abort();
  using two = hold('job_2');
  for (const { signal } of [one, two]) expect(signal.reason).toBeInstanceOf(WorkerStopped);
});

test('nothing is left behind when leases are closed', async () => {
  using _ = hold('job_1');
  leases.close();
  expect(closed).toBe(true);
  await pass(5);
  expect(heartbeat).not.toHaveBeenCalled();
});
