import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices } from '../../../../tests/support/services.ts';
import { claimRun, endRun, failRun, extendRun, registerTasks, releaseRun } from './runs.ts';
import { type Task, periodOf } from './task.ts';

const hourly = 3600;
const leaseSeconds = 30;
const task = (name: string, missed: Task['missed']): Task => ({
  name,
  everySeconds: hourly,
  missed,
  run: async () => 0,
});
const [skips, catchesUp] = [task('skips', 'skip'), task('catches-up', 'catch-up')];

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());
beforeEach(() => platform.sql`delete from schedules`);

const claim = (tasks = [skips]) => claimRun(platform.db, tasks, leaseSeconds);
const row = async (name = 'skips') =>
  (
    await platform.sql`
    select *, next_run_at > now() as is_future, extract(epoch from next_run_at)::int % ${hourly} as off_grid,
      round(extract(epoch from retry_at - now()))::int as retry_in
    from schedules where name = ${name}`
  )[0]!;
/** As if nobody had looked after a task for so many hours. */
const missed = (name: string, hours: number) => platform.sql`
  update schedules set next_run_at = date_bin('1 hour', now(), to_timestamp(0)) - make_interval(hours => ${hours - 1})
  where name = ${name}`;
const expire = () => platform.sql`update schedules set lease_until = now() - interval '1 second'`;

describe('a task', () => {
  test('is first due when the period that is passing has ended, and is known once', async () => {
    await Promise.all([registerTasks(platform.db, [skips]), registerTasks(platform.db, [skips])]);
    expect(await row()).toMatchObject({ is_future: true, off_grid: 0 });
    expect(await claim()).toBeUndefined();
  });

  test('that is due is run by one of many that ask', async () => {
    await registerTasks(platform.db, [skips]);
    await missed('skips', 1);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim()));
    expect(claims.filter((run) => run !== undefined)).toHaveLength(1);
  });

  test('that this worker does not know is left to those that do', async () => {
    await registerTasks(platform.db, [skips]);
    await missed('skips', 1);
    expect(await claim([catchesUp])).toBeUndefined();
  });

  test('that was missed runs once for all, or once for each period, as it says', async () => {
    const both = [skips, catchesUp];
    await registerTasks(platform.db, both);
    await missed('skips', 5);
    await missed('catches-up', 5);
    const runs: { name: string; from: number; to: number }[] = [];
    for (let run; (run = await claim(both));) {
      const { from, to } = run.period;
      runs.push({ name: run.name, from: Date.parse(from), to: Date.parse(to) });
      await endRun(platform.db, run);
    }
    const last = Math.max(...runs.map(({ to }) => to));
    const periodBefore = (hours: number) => ({
      from: last - (hours + 1) * 3_600_000,
      to: last - hours * 3_600_000,
    });
    expect(runs.filter(({ name }) => name === 'skips')).toEqual([{ name: 'skips', ...periodBefore(0) }]);
    expect(runs.filter(({ name }) => name === 'catches-up')).toEqual(
      [4, 3, 2, 1, 0].map((hours) => ({ name: 'catches-up', ...periodBefore(hours) })),
    );
    for (const { name } of both) expect(await row(name)).toMatchObject({ is_future: true, off_grid: 0 });
  });
});

describe('a run', () => {
  beforeEach(async () => {
    await registerTasks(platform.db, [skips]);
    await missed('skips', 1);
  });

  test('whose worker is gone is taken over when its lease has run out, and not before', async () => {
    const lost = (await claim())!;
    expect(await row()).toMatchObject({ retry_in: leaseSeconds });
    await platform.sql`update schedules set retry_at = now()`;
    expect(await claim()).toBeUndefined();
    await expire();
    const second = (await claim())!;
    expect(second.period).toEqual(lost.period);
    expect(await endRun(platform.db, second)).toBe(true);
  });

  test('that wakes up after it was taken over changes nothing', async () => {
    const frozen = (await claim())!;
    await expire();
    await platform.sql`update schedules set retry_at = now()`;
    const second = (await claim())!;
    const before = await row();
    expect(await extendRun(platform.db, frozen, leaseSeconds)).toBe(false);
    expect(await endRun(platform.db, frozen)).toBe(false);
    expect(await failRun(platform.db, frozen, 'late', leaseSeconds)).toBe(false);
    expect(await releaseRun(platform.db, frozen)).toBe(false);
    expect({ ...(await row()), retry_in: null }).toEqual({ ...before, retry_in: null });
    expect(await extendRun(platform.db, second, leaseSeconds)).toBe(true);
  });

  test('that fails is repeated for the same period, later each time, and success ends the counting', async () => {
    const delays: number[] = [];
    for (let at = 0; at < 9; at++) {
      const run = (await claim())!;
      await failRun(platform.db, run, 'Error: no luck', leaseSeconds);
      const { retry_in: delay, last_error: error, failures } = await row();
      expect([error, failures]).toEqual(['Error: no luck', at + 1]);
      delays.push(delay as number);
      expect(await claim()).toBeUndefined();
      await platform.sql`update schedules set retry_at = now()`;
    }
    expect(delays).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    await endRun(platform.db, (await claim())!);
    expect(await row()).toMatchObject({ failures: 0, last_error: null, retry_at: null, is_future: true });
  });

  test('that takes its worker along each time is repeated later and later, too', async () => {
    for (const delay of [30, 60, 120]) {
      await claim();
      expect(await row()).toMatchObject({ retry_in: delay });
      await expire();
      await platform.sql`update schedules set retry_at = now()`;
    }
  });

  test('that is released can be taken at once and has not failed', async () => {
    await releaseRun(platform.db, (await claim())!);
    expect(await row()).toMatchObject({ failures: 0, retry_at: null, lease_token: null });
    expect(await claim()).toBeDefined();
  });
});

test('a period ends with the multiple of the interval for which the run is due', () => {
  const at = { due: '2026-03-01T05:00:00.000Z', now: '2026-03-01T08:59:59.999Z' };
  expect(periodOf(catchesUp, at)).toEqual({ from: '2026-03-01T04:00:00.000Z', to: at.due });
  expect(periodOf(skips, at)).toEqual({ from: '2026-03-01T07:00:00.000Z', to: '2026-03-01T08:00:00.000Z' });
});
