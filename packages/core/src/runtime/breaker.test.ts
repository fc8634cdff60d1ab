import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '../errors.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { DependencyUnavailable } from './outage.ts';

const lines: string[] = [];
const log = pino(
  { level: 'info' },
  { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) },
);

beforeEach(() => {
  lines.length = 0;
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => vi.useRealTimers());

const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
const unavailable = () => Promise.reject(refused);
const available = () => Promise.resolve('answer');

const errorOf = (breaker: Breaker, work: () => Promise<unknown>) =>
  breaker.run(work).catch((error: unknown) => error);

test('the first failure after a second without any success opens it: no further call is made', async () => {
  const breaker = createBreaker('X', log, { failures: 1 });
  expect(await errorOf(breaker, unavailable)).toBe(refused);
  const work = vi.fn<typeof available>(available);
  expect(await errorOf(breaker, work)).toBeInstanceOf(DependencyUnavailable);
  expect(work).not.toHaveBeenCalled();
});

test('failures between successes do not open it', async () => {
  const breaker = createBreaker('X', log, { failures: 1 });
  for (let times = 0; times < 10; times += 1) {
    expect(await breaker.run(available)).toBe('answer');
    expect(await errorOf(breaker, unavailable)).toBe(refused);
    vi.advanceTimersByTime(500);
  }
});

test('it opens only after the configured number of failures in a row', async () => {
  const breaker = createBreaker('X', log, { failures: 3 });
  for (let times = 0; times < 3; times += 1) expect(await errorOf(breaker, unavailable)).toBe(refused);
  expect(await errorOf(breaker, unavailable)).toBeInstanceOf(DependencyUnavailable);
});

test('bugs, refusals and disconnected clients never open it', async () => {
  const breaker = createBreaker('X', log, { failures: 1 });
  const thrown = [
    new TypeError('x is not a function'),
    Object.assign(new Error('duplicate key'), { code: '23505' }),
    new AppError('conflict', 'Taken.', { cause: refused }),
    new DOMException('left', 'AbortError'),
  ];
  for (const error of thrown) expect(await errorOf(breaker, () => Promise.reject(error))).toBe(error);
  expect(await breaker.run(available)).toBe('answer');
});

test('a probe closes it, and no caller waits for a probe that hangs', async () => {
  const answers: PromiseWithResolvers<unknown>[] = [];
  const probe = vi.fn<() => Promise<unknown>>(() => {
    const answer = Promise.withResolvers<unknown>();
    answers.push(answer);
    return answer.promise;
  });
  const breaker = createBreaker('X', log, { failures: 1, probe });
  await errorOf(breaker, unavailable);
  await vi.advanceTimersByTimeAsync(1001);
  expect(probe).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await errorOf(breaker, available)).toBeInstanceOf(DependencyUnavailable);
  answers[0]!.reject(refused);
  await vi.advanceTimersByTimeAsync(1001);
  expect(await errorOf(breaker, available)).toBeInstanceOf(DependencyUnavailable);
  answers[1]!.resolve('back');
  await vi.advanceTimersByTimeAsync(0);
  expect(await breaker.run(available)).toBe('answer');
  expect(vi.getTimerCount()).toBe(0);
});

test('a probe closes it even if the clock was set back meanwhile', async () => {
  const breaker = createBreaker('X', log, { failures: 1, probe: available });
  await errorOf(breaker, unavailable);
  vi.setSystemTime(Date.now() - 3_600_000);
  await vi.advanceTimersByTimeAsync(1001);
  expect(await breaker.run(available)).toBe('answer');
  expect(await errorOf(breaker, unavailable)).toBe(refused);
  expect(await breaker.run(available)).toBe('answer');
});

test('without a probe, one call is let through, and the others are refused meanwhile', async () => {
  const breaker = createBreaker('X', log, { failures: 1 });
  await errorOf(breaker, unavailable);
  vi.advanceTimersByTime(1001);
  const slow = Promise.withResolvers<string>();
  const trial = breaker.run(() => slow.promise);
  expect(await errorOf(breaker, available)).toBeInstanceOf(DependencyUnavailable);
  slow.resolve('back');
  expect(await trial).toBe('back');
  expect(await breaker.run(available)).toBe('answer');
});

test('a stopped breaker does not probe any more', async () => {
  const probe = vi.fn<typeof available>(available);
  const breaker = createBreaker('X', log, { failures: 1, probe });
  await errorOf(breaker, unavailable);
  breaker.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(probe).not.toHaveBeenCalled();
});

test('opening and closing are logged once each, however many calls are refused', async () => {
  let isUnavailable = true;
  const probe = () => (isUnavailable ? unavailable() : available());
  const breaker = createBreaker('X', log, { failures: 1, probe });
  for (let times = 0; times < 5; times += 1) await errorOf(breaker, unavailable);
  await vi.advanceTimersByTimeAsync(5000);
  isUnavailable = false;
  await vi.advanceTimersByTimeAsync(2000);
  expect(lines).toEqual(['circuit breaker opened', 'circuit breaker closed']);
});
