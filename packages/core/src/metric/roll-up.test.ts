import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';
import { rollUpMetrics } from './roll-up.ts';
import type { Part } from './summarize.ts';
import { summarize } from './summarize.ts';

const { metric } = operations;
const owner = user('owner');
const portfolio = 'team';
const never = new AbortController().signal;
const hour = 3_600_000;
const start = Date.parse('2026-02-26T00:00:00.000Z');
const instant = (ms: number) => new Date(ms).toISOString();

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  await operations.portfolio.create.run(platform.as(owner), { slug: portfolio, name: 'Team' });
});
afterAll(() => platform.stop());

let count = 0;
let key: string;
let metricId: string;
beforeEach(async () => {
  key = `rolled-${++count}`;
  const fields = { portfolio, key, name: key, unit: 'ms', betterWhen: 'down' as const };
  metricId = (await metric.define.run(platform.as(owner), fields)).id;
  await rollUp();
});

const rollUp = () => rollUpMetrics(platform.db, never);
const record = (values: Record<number, number>) =>
  metric.record.run(platform.as(owner), {
    portfolio,
    key,
    samples: Object.entries(values).map(([ms, value]) => ({ at: instant(start + Number(ms)), value })),
  });
const removeBetween = (from: number, to: number) =>
  metric.deleteSamples.run(platform.as(owner), {
    portfolio,
    key,
    from: instant(start + from),
    to: instant(start + to),
  });
/** The number of the day, counted from `start`. */
const number = sql<number>`(extract(epoch from day) - ${start / 1000})::float8 / 86400`;
const daysOf = () =>
  platform.db.execute(sql`select ${number} as day, count::int, sum, min, max, p50, p95 from metric_days
    where metric_id = ${metricId} order by 1`);
const dirtyOf = async () => {
  const rows = await platform.db.execute(
    sql`select distinct ${number} as day from metric_dirty_days where metric_id = ${metricId} order by 1`,
  );
  return rows.map(({ day }) => day);
};

/** Pseudo-random numbers from 0 to 1, the same in each run. */
function random(seed: number) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe('writing samples', () => {
  test('marks their days dirty, in UTC whatever the time zone of the session', async () => {
    await platform.sql.begin(async (tx) => {
      await tx`set local timezone = 'America/St_Johns'`;
      await tx`insert into metric_samples (metric_id, at, value) values
        (${metricId}, ${instant(start)}, 1), (${metricId}, ${instant(start + 24 * hour - 1)}, 2),
        (${metricId}, ${instant(start + 72 * hour)}, 3)`;
    });
    expect(await dirtyOf()).toEqual([0, 3]);
  });

  test('marks no day if they already exist, and marks it again if a value is replaced or deleted', async () => {
    await record({ 0: 1, [30 * hour]: 2 });
    await rollUp();
    expect(await dirtyOf()).toEqual([]);
    await record({ 0: 1, [30 * hour]: 2 });
    expect(await dirtyOf()).toEqual([]);
    await record({ 0: 1, [30 * hour]: 3 });
    expect(await dirtyOf()).toEqual([1]);
    await removeBetween(0, hour);
    expect(await dirtyOf()).toEqual([0, 1]);
  });

  test('leaves no rows after the metric is deleted', async () => {
    await record({ 0: 1 });
    await rollUp();
    await record({ [30 * hour]: 1 });
    await metric.delete.run(platform.as(owner), { portfolio, key, expectedVersion: '*' });
    expect(await daysOf()).toEqual([]);
    expect(await dirtyOf()).toEqual([]);
  });
});

describe('a roll-up', () => {
  test('contains the aggregates of each day with samples, and no other day', async () => {
    await record({ 0: 4, [hour]: -2, [24 * hour - 1]: 1, [48 * hour]: 5 });
    expect(await rollUp()).toBe(2);
    expect(await daysOf()).toEqual([
      { day: 0, count: 3, sum: 3, min: -2, max: 4, p50: 1, p95: expect.closeTo(3.7) },
      { day: 2, count: 1, sum: 5, min: 5, max: 5, p50: 5, p95: 5 },
    ]);
    expect(await rollUp()).toBe(0);
  });

  test('is updated for samples that arrive late, are replaced or deleted', async () => {
    await record({ 0: 4, [48 * hour]: 5 });
    await rollUp();
    await record({ 0: 1, [hour]: 3 });
    await removeBetween(48 * hour, 72 * hour);
    await rollUp();
    expect(await daysOf()).toMatchObject([{ count: 2, sum: 4, min: 1, max: 3 }]);
  });

  test('continues beyond a batch, and ends when its signal is aborted', async () => {
    await platform.sql`insert into metric_samples
      select ${metricId}, ${instant(start)}::timestamptz + n * interval '24 hours', n from generate_series(0, 449) n`;
    expect(await rollUpMetrics(platform.db, AbortSignal.abort())).toBe(0);
    expect(await rollUp()).toBe(450);
    expect(await daysOf()).toHaveLength(450);
  });

  test('misses no sample that is written while it runs', async () => {
    await record({ 0: 1 });
    await platform.sql.begin(async (tx) => {
      await tx`insert into metric_samples values (${metricId}, ${instant(start + hour)}, 2)`;
      expect(await rollUp()).toBe(1);
      expect(await daysOf()).toMatchObject([{ count: 1 }]);
    });
    expect(await dirtyOf()).toEqual([0]);
    await rollUp();
    expect(await daysOf()).toMatchObject([{ count: 2, sum: 3 }]);
  });

  test('does nothing while another one runs, and skips a metric that is being changed', async () => {
    await record({ 0: 1 });
    await platform.sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(hashtextextended('metric roll-up', 0))`;
      expect(await rollUp()).toBe(0);
    });
    await platform.sql.begin(async (tx) => {
      await tx`select 1 from metrics where id = ${metricId} for update`;
      expect(await rollUp()).toBe(0);
    });
    expect(await rollUp()).toBe(1);
  });
});

const aggregates = ['avg', 'min', 'max', 'sum', 'count'] as const;
const everything = '{(,)}';
const parts = (next: () => number): Part[] =>
  Array.from({ length: 40 }, () => {
    const from = start + Math.floor(next() * 24) * (next() < 0.5 ? 24 : 7) * hour;
    return { metricId, from: instant(from), to: instant(from + (1 + Math.floor(next() * 200)) * hour) };
  });
const summarizeAll = (given: Part[], visible = everything) =>
  Promise.all(aggregates.map((name) => summarize(platform.db, name, visible, given)));
const deleteRollUps = async () => {
  await platform.sql`delete from metric_days`;
  await platform.sql`insert into metric_dirty_days select distinct metric_id, date_trunc('day', at, 'UTC')
    from metric_samples`;
};

describe('a summary', () => {
  test.each([1, 2, 3])(
    'is identical to the last bit with roll-ups of all, some and no days, after random writes (seed %i)',
    async (seed) => {
      const next = random(seed);
      const given = parts(next);
      for (let round = 0; round < 5; round++) {
        const samples = Array.from({ length: 60 }, () => [
          Math.floor(next() * 24 * 30) * hour + (next() < 0.2 ? 1 : 0),
          (next() - 0.5) * 10 ** Math.floor(next() * 12),
        ]);
        await record(Object.fromEntries(samples));
        const from = Math.floor(next() * 600) * hour;
        await removeBetween(from, from + 10 * hour);
        const partly = await summarizeAll(given);
        await rollUp();
        const rolledUp = await summarizeAll(given);
        await deleteRollUps();
        expect(await summarizeAll(given)).toEqual(rolledUp);
        expect(partly).toEqual(rolledUp);
        if (round % 2 === 0) await rollUp();
      }
      const [totals] =
        await platform.sql`select count(*)::int from metric_samples where metric_id = ${metricId}`;
      const [all] = await summarize(platform.db, 'count', everything, [
        { metricId, from: '1900-01-01T00:00:00.000Z', to: '2999-01-01T00:00:00.000Z' },
      ]);
      expect(all).toEqual({ value: totals!.count, count: totals!.count });
    },
  );

  test('uses the roll-up for a whole day, and only within the visible ranges', async () => {
    await record({ 0: 1, [hour]: 2, [24 * hour]: 4 });
    await rollUp();
    await platform.db.execute(
      sql`update metric_days set sum = 30 where metric_id = ${metricId} and count = 2`,
    );
    const twoDays = [{ metricId, from: instant(start), to: instant(start + 48 * hour) }];
    const of = async (visible: string) => (await summarize(platform.db, 'sum', visible, twoDays))[0];
    expect(await of(everything)).toEqual({ value: 34, count: 3 });
    expect(await of(`{[${instant(start + 1)}, ${instant(start + 48 * hour)})}`)).toEqual({
      value: 6,
      count: 2,
    });
  });
});
