import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { type Actor, anonymous } from '../actor.ts';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { AppError } from '../errors.ts';
import { operations } from '../index.ts';
import { compareWindows, assessChange } from './compare.ts';
import { metricSamples } from './metric.sql.ts';
import { type AggregateName, type Sample, aggregateSchema } from './schemas.ts';
import { seriesToCsv } from './series.ts';

const { metric } = operations;
const portfolio = 'team';
const owner = user('owner');
const aggregates = aggregateSchema.options;

let platform: TestServices;
let portfolioId: string;
beforeAll(async () => {
  platform = await testServices();
  const created = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  });
  portfolioId = created.id;
  await platform.addMember(portfolioId, 'viewer', 'viewer');
});
afterAll(() => platform.stop());

const define = (key: string, rest: object = {}) =>
  metric.define.run(platform.as(owner), {
    portfolio,
    key,
    name: key,
    unit: 'ms',
    betterWhen: 'down',
    ...rest,
  });
const read = (key: string, actor: Actor = owner) => metric.read.run(platform.as(actor), { portfolio, key });
const record = (key: string, samples: Sample[], actor: Actor = owner) =>
  metric.record.run(platform.as(actor), { portfolio, key, samples });

const remove = (key: string, expectedVersion: number | '*' = '*') =>
  metric.delete.run(platform.as(owner), { portfolio, key, expectedVersion });

type SeriesQuery = { from: string; to: string; step: string; aggregate?: AggregateName };
const series = (key: string, query: SeriesQuery, actor: Actor = owner) =>
  metric.series.run(platform.as(actor), { portfolio, key, ...query });
type ComparisonQuery = { from: string; at: string; to: string; aggregate?: AggregateName };
const compare = (key: string, query: ComparisonQuery, actor: Actor = owner) =>
  metric.compare.run(platform.as(actor), { portfolio, key, ...query });

const instant = (ms: number) => new Date(ms).toISOString();
const day = '2026-03-01T00:00:00.000Z';
const dayMs = Date.parse(day);
const minuteAt = (minute: number) => instant(dayMs + minute * 60_000);
/** Samples at these minutes of the day. */
const atMinutes = (values: Record<number, number>): Sample[] =>
  Object.entries(values).map(([minute, value]) => ({ at: minuteAt(Number(minute)), value }));
const wholeDay = { from: day, to: '2026-03-02T00:00:00.000Z' };

/** Pseudo-random numbers from 0 to 1, the same in each run. */
function random(seed: number) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** A study with a claim on a range of a metric. */
async function claim(slug: string, key: string, from: string, to: string, status: 'published' | 'draft') {
  const ctx = platform.as(owner);
  const claims = [{ key: 'faster', statement: 'It got faster.', metric: { key, from, to } }];
  const { id } = await operations.caseStudy.create.run(ctx, { portfolio, slug, title: slug, claims });
  if (status === 'published') {
    await operations.caseStudy.publish.run(ctx, { portfolio, slug, expectedVersion: '*' });
  }
  return id;
}

describe('a metric', () => {
  test('is read as it was defined', async () => {
    const fields = {
      name: 'Διάμεσος χρόνος',
      unit: 'µs',
      betterWhen: 'up' as const,
      description: 'By "us".\nAt the edge.',
    };
    const defined = await define('written', fields);
    expect(defined).toMatchObject({ portfolio, key: 'written', ...fields });
    expect(await read('written')).toEqual(defined);
  });

  test('has a unique key within its portfolio', async () => {
    await define('taken');
    await expect(define('taken')).rejects.toMatchObject({ code: 'conflict' });
    await operations.portfolio.create.run(platform.as(owner), { slug: 'other', name: 'Other' });
    const elsewhere = await define('taken', { portfolio: 'other', unit: 's' });
    expect(elsewhere).toMatchObject({ portfolio: 'other', unit: 's' });
    expect(await read('taken')).toMatchObject({ portfolio, unit: 'ms' });
  });

  test.each([
    ['key', 'Not A Key'],
    ['unit', 'x'.repeat(41)],
    ['unit', ' '],
    ['betterWhen', 'sideways'],
    ['description', 'x'.repeat(2001)],
  ])('is refused with a bad %s', async (field, value) => {
    await expect(define('bad', { [field]: value })).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: `/${field}` }],
    });
  });

  test('is listed on one page only, newest first', async () => {
    const keys = ['listed-1', 'listed-2', 'listed-3'];
    await operations.portfolio.create.run(platform.as(owner), { slug: 'lists', name: 'Lists' });
    for (const key of keys) await define(key, { portfolio: 'lists' });
    const page = (cursor?: string) =>
      metric.list.run(platform.as(owner), { portfolio: 'lists', limit: 2, cursor });
    const first = await page();
    const second = await page(first.nextCursor!);
    expect([...first.items, ...second.items].map(({ key }) => key)).toEqual(keys.toReversed());
    expect(second.nextCursor).toBeNull();
  });

  test('changes in the given fields and the version only', async () => {
    const before = await define('changed', { description: 'Retained.' });
    const inSeconds = { portfolio, key: 'changed', unit: 's', expectedVersion: before.version };
    const after = await metric.update.run(platform.as(owner), inSeconds);
    expect(after).toEqual({
      ...before,
      unit: 's',
      version: expect.any(Number),
      updatedAt: expect.any(String),
    });
    expect(after.version).toBeGreaterThan(before.version);
    await expect(metric.update.run(platform.as(owner), inSeconds)).rejects.toMatchObject({
      code: 'precondition_failed',
    });
    expect(await read('changed')).toEqual(after);
  });

  test('keeps its version in an update without fields', async () => {
    const before = await define('unchanged');
    const noChange = { portfolio, key: 'unchanged', expectedVersion: before.version };
    expect(await metric.update.run(platform.as(owner), noChange)).toEqual(before);
  });
});

describe('deleting a metric', () => {
  test('deletes its samples as well', async () => {
    const { id } = await define('gone');
    await record('gone', atMinutes({ 0: 1, 1: 2 }));
    expect(await remove('gone')).toBeNull();
    await expect(read('gone')).rejects.toMatchObject({ code: 'not_found' });
    expect(await platform.db.$count(metricSamples, eq(metricSamples.metricId, id))).toBe(0);
  });

  test('is refused for an outdated version', async () => {
    const { version } = await define('retained');
    await expect(remove('retained', version + 1)).rejects.toMatchObject({ code: 'precondition_failed' });
    expect(await read('retained')).toMatchObject({ version });
  });

  test('is refused while claims use it, and the error lists their studies', async () => {
    await define('claimed');
    await claim('rests-b', 'claimed', wholeDay.from, wholeDay.to, 'draft');
    await claim('rests-a', 'claimed', wholeDay.from, wholeDay.to, 'published');
    await expect(remove('claimed')).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('"rests-a", "rests-b"'),
    });
    expect(await read('claimed')).toMatchObject({ key: 'claimed' });
  });

  test('succeeds while samples are being recorded, which either succeeds or finds no metric', async () => {
    await define('raced');
    const outcomes = await Promise.allSettled([
      record('raced', atMinutes({ 0: 1 })),
      remove('raced'),
      record('raced', atMinutes({ 1: 1 })),
    ]);
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refusals.every(({ reason }) => reason instanceof AppError && reason.code === 'not_found')).toBe(
      true,
    );
    await expect(read('raced')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('recording', () => {
  const minutely = { ...wholeDay, step: '1m' };

  test('an identical batch changes nothing, and a new value replaces the old one', async () => {
    await define('repeated');
    const batch = atMinutes({ 0: 1, 1: 2, 2: 3 });
    expect(await record('repeated', batch)).toEqual({ created: 3, replaced: 0, unchanged: 0 });
    expect(await record('repeated', batch)).toEqual({ created: 0, replaced: 0, unchanged: 3 });
    const more = atMinutes({ 1: 20, 2: 3, 3: 4 });
    expect(await record('repeated', more)).toEqual({ created: 1, replaced: 1, unchanged: 1 });
    const { points } = await series('repeated', minutely);
    expect(points.map(({ value }) => value)).toEqual([1, 20, 3, 4]);
  });

  test('accepts 5,000 samples in any order, and refuses more', async () => {
    await define('batch');
    const samples = Array.from({ length: 5000 }, (_, at) => ({ at: instant(dayMs - at * 1000), value: at }));
    expect(await record('batch', samples)).toEqual({ created: 5000, replaced: 0, unchanged: 0 });
    const oneMore = [...samples, { at: instant(dayMs + 1), value: 0 }];
    await expect(record('batch', oneMore)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/samples' }],
    });
    await expect(record('batch', [])).rejects.toMatchObject({ fields: [{ pointer: '/samples' }] });
  });

  test('stores times to the millisecond in UTC, and refuses duplicates', async () => {
    await define('fine');
    const value = 1;
    await record('fine', [{ at: '2026-03-01T02:00:00.123987+02:00', value }]);
    const { from, at, to } = { from: day, at: '2026-03-01T00:00:00.123Z', to: '2026-03-01T00:00:00.124Z' };
    expect(await compare('fine', { from, at, to })).toMatchObject({
      before: { count: 0 },
      after: { count: 1 },
    });
    const same = [
      { at: '2026-03-01T00:00:00.5001Z', value },
      { at: '2026-03-01T00:00:01Z', value },
      { at: '2026-03-01T01:00:00.5002+01:00', value },
    ];
    await expect(record('fine', same)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/samples/2/at', detail: expect.stringContaining('/samples/0') }],
    });
  });

  test.each([
    ['year 0', { at: '0000-01-01T00:00:00Z', value: 1 }, 'at'],
    ['a year before 1900', { at: '1899-12-31T23:59:59Z', value: 1 }, 'at'],
    ['a year that is 3000 in UTC', { at: '2999-12-31T23:59:59-01:00', value: 1 }, 'at'],
    ['a day that does not exist', { at: '2026-02-30T00:00:00Z', value: 1 }, 'at'],
    ['local time', { at: '2026-03-01T00:00:00', value: 1 }, 'at'],
    ['a huge value', { at: day, value: 1e308 }, 'value'],
    ['infinity', { at: day, value: Infinity }, 'value'],
    ['NaN', { at: day, value: NaN }, 'value'],
    ['NaN as text', { at: day, value: 'NaN' as unknown as number }, 'value'],
    ['nothing', { at: day, value: null as unknown as number }, 'value'],
  ])('refuses %s', async (_, sample, field) => {
    await expect(record('fine', [sample])).rejects.toMatchObject({
      code: 'invalid_input',
      fields: expect.arrayContaining([expect.objectContaining({ pointer: `/samples/0/${field}` })]),
    });
  });

  test('stores the largest and smallest values and negative zero so that every aggregate can be read', async () => {
    await define('extreme');
    const values = [1e100, -1e100, 5e-324, -0, 0.1, 1e100];
    await record('extreme', atMinutes(values));
    const { points } = await series('extreme', { ...wholeDay, step: '1m' });
    expect(points.map(({ value }) => value)).toEqual([1e100, -1e100, 5e-324, 0, 0.1, 1e100]);
    for (const aggregate of aggregates) {
      const {
        points: [point],
      } = await series('extreme', { ...wholeDay, step: '1d', aggregate });
      expect(point?.value).toSatisfy(Number.isFinite);
    }
    const tiny = await compare('extreme', {
      from: instant(dayMs + 120_000),
      at: instant(dayMs + 180_000),
      to: wholeDay.to,
      aggregate: 'max',
    });
    expect(tiny).toMatchObject({ before: { value: 5e-324 }, after: { value: 1e100 }, ratio: null });
  });

  test('concurrent batches with overlapping times are all stored, in any order', async () => {
    await define('contended');
    const times = Array.from({ length: 2000 }, (_, at) => instant(dayMs + at * 1000));
    const outcomes = await Promise.all(
      Array.from({ length: 6 }, (_, writer) => {
        const samples = times.map((at) => ({ at, value: writer }));
        return record('contended', writer % 2 === 0 ? samples : samples.toReversed());
      }),
    );
    const created = outcomes.reduce((sum, outcome) => sum + outcome.created, 0);
    expect(created).toBe(2000);
    const { points } = await series('contended', { ...wholeDay, step: '1h', aggregate: 'count' });
    expect(points).toEqual([{ at: day, value: 2000 }]);
    // The last batch replaced all others completely.
    const spread = await series('contended', { ...wholeDay, step: '1d', aggregate: 'max' });
    expect(await series('contended', { ...wholeDay, step: '1d', aggregate: 'min' })).toMatchObject({
      points: spread.points,
    });
  });

  test('is refused for viewers and anonymous readers, and stores nothing', async () => {
    await define('guarded');
    const batch = atMinutes({ 0: 1 });
    await expect(record('guarded', batch, user('viewer'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(record('guarded', batch, anonymous)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect((await series('guarded', minutely)).points).toEqual([]);
  });

  test('does not find a metric of another portfolio', async () => {
    await operations.portfolio.create.run(platform.as(owner), { slug: 'next-door', name: 'Next door' });
    await define('next-doors', { portfolio: 'next-door' });
    await expect(record('next-doors', atMinutes({ 0: 1 }))).rejects.toMatchObject({ code: 'not_found' });
  });
});

test('samples of a range are deleted up to its end, which is exclusive', async () => {
  await define('pruned');
  await record('pruned', atMinutes({ 0: 1, 1: 2, 2: 3, 3: 4 }));
  const range = { from: instant(dayMs + 60_000), to: instant(dayMs + 180_000) };
  const prune = () => metric.deleteSamples.run(platform.as(owner), { portfolio, key: 'pruned', ...range });
  expect(await prune()).toEqual({ deleted: 2 });
  expect(await prune()).toEqual({ deleted: 0 });
  const { points } = await series('pruned', { ...wholeDay, step: '1m' });
  expect(points.map(({ value }) => value)).toEqual([1, 4]);
});

/** Each aggregate in plain JavaScript, of values in time order. */
const plain: Record<AggregateName, (values: number[]) => number> = {
  avg: (values) => plain.sum(values) / values.length,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  sum: (values) => values.reduce((sum, value) => sum + value, 0),
  last: (values) => values.at(-1)!,
  p50: (values) => percentile(values, 0.5),
  p95: (values) => percentile(values, 0.95),
  count: (values) => values.length,
};

function percentile(values: number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(position)]!;
  return low + (sorted[Math.ceil(position)]! - low) * (position % 1);
}

describe('a series', () => {
  const start = Date.parse('2026-03-28T20:00:00Z');
  const end = Date.parse('2026-03-30T04:00:00Z');
  let samples: Sample[];
  beforeAll(async () => {
    await define('walk');
    const next = random(7);
    const times = new Set(Array.from({ length: 3000 }, () => Math.floor(start + next() * (end - start))));
    samples = [...times].map((at) => ({ at: instant(at), value: Math.round((next() - 0.3) * 1e6) / 1000 }));
    await record('walk', samples);
    samples.sort((a, b) => (a.at < b.at ? -1 : 1));
  });

  /** The expected points: samples grouped by the number of their step since 1970, each step aggregated. */
  function expected(from: string, to: string, stepSeconds: number, aggregate: AggregateName) {
    const within = samples.filter(({ at }) => at >= from && at < to);
    const steps = Map.groupBy(within, ({ at }) => Math.floor(Date.parse(at) / 1000 / stepSeconds));
    return [...steps].map(([number, inStep]) => ({
      at: instant(number * stepSeconds * 1000),
      value: expect.closeTo(plain[aggregate](inStep.map(({ value }) => value)), 6) as number,
    }));
  }

  const steps = { '17s': 17, '1m': 60, '7m': 420, '1h': 3600, '7h': 25_200, '1d': 86_400 };
  // Many time zones change to summer time in this night.
  const ranges = [
    [start, end],
    [start + 12_345, end - 54_321],
    [start + 3_600_000, start + 3_600_001],
    [start + 7_200_000, start + 14_400_000],
  ].map(([from, to]) => ({ from: instant(from!), to: instant(to!) }));

  test.each(aggregates)('of %s equals plain arithmetic, at any step', async (aggregate) => {
    for (const { from, to } of ranges) {
      for (const [step, stepSeconds] of Object.entries(steps)) {
        if ((Date.parse(to) - Date.parse(from)) / 1000 / stepSeconds > 4999) continue;
        const { points } = await series('walk', { from, to, step, aggregate });
        expect(points).toEqual(expected(from, to, stepSeconds, aggregate));
      }
    }
  });

  test('assigns a sample on the border of two steps to the later one, and excludes its own end', async () => {
    await define('borders');
    await record('borders', atMinutes({ 59: 1, 60: 2, 119: 3, 120: 4 }));
    const hours = { from: day, to: instant(dayMs + 7_200_000), step: '1h', aggregate: 'sum' as const };
    expect((await series('borders', hours)).points).toEqual([
      { at: day, value: 1 },
      { at: instant(dayMs + 3_600_000), value: 5 },
    ]);
  });

  test('aligns steps to 1970, also before it', async () => {
    await define('old');
    await record('old', [
      { at: '1969-12-31T00:00:00Z', value: 1 },
      { at: '1969-12-31T23:59:59.999Z', value: 2 },
      { at: '1970-01-01T00:00:00Z', value: 3 },
    ]);
    const range = { from: '1969-01-01T00:00:00Z', to: '1971-01-01T00:00:00Z', step: '1d' };
    expect((await series('old', { ...range, aggregate: 'sum' })).points).toEqual([
      { at: '1969-12-31T00:00:00.000Z', value: 3 },
      { at: '1970-01-01T00:00:00.000Z', value: 3 },
    ]);
  });

  test('omits steps without samples, and is empty without any', async () => {
    await define('sparse');
    expect((await series('sparse', { ...wholeDay, step: '1m' })).points).toEqual([]);
    await record('sparse', atMinutes({ 700: 5 }));
    for (const aggregate of aggregates) {
      const { points } = await series('sparse', { ...wholeDay, step: '1m', aggregate });
      const value = aggregate === 'count' ? 1 : 5;
      expect(points).toEqual([{ at: instant(dayMs + 700 * 60_000), value }]);
    }
  });

  test('has at most 5,000 points, and the error suggests a step that fits', async () => {
    const from = day;
    const to = instant(dayMs + 5_000_000);
    expect((await series('sparse', { from, to, step: '1s' })).points).toEqual([]);
    const tooLong = { from, to: instant(dayMs + 5_000_001), step: '1s' };
    await expect(series('sparse', tooLong)).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/step', detail: expect.stringContaining('"10s" would fit') }],
    });
    const ages = { from: '1900-01-01T00:00:00Z', to: '2999-12-31T23:59:59.999Z' };
    const error = await series('sparse', { ...ages, step: '1d' }).catch((caught: Error) => caught);
    const [, step] = /"(\w+)" would fit/.exec((error as Error).message)!;
    expect((await series('sparse', { ...ages, step: step! })).points).toHaveLength(1);
  });

  test.each([
    [{ step: '0m' }, '/step'],
    [{ step: '1w' }, '/step'],
    [{ step: '367d' }, '/step'],
    [{ step: '99999999999s' }, '/step'],
    [{ to: day }, '/to'],
    [{ from: 'yesterday' }, '/from'],
  ])('is refused with %j', async (change, pointer) => {
    await expect(series('sparse', { ...wholeDay, step: '1h', ...change })).rejects.toMatchObject({
      code: 'invalid_input',
      fields: expect.arrayContaining([expect.objectContaining({ pointer })]),
    });
  });

  test('is read from the replica', async () => {
    const failing = new Proxy(platform.db, {
      get() {
        throw new Error('queried');
      },
    });
    const ctx = { ...platform.as(owner), reader: failing };
    const query = { portfolio, key: 'sparse', ...wholeDay };
    await expect(metric.series.run(ctx, { ...query, step: '1h' })).rejects.toThrow('queried');
    await expect(metric.compare.run(ctx, { ...query, at: instant(dayMs + 1) })).rejects.toThrow('queried');
  });

  test('as CSV has a header and a line per point, each ending in CRLF', async () => {
    await define('csv');
    expect(seriesToCsv(await series('csv', { ...wholeDay, step: '1m' }))).toBe('at,value\r\n');
    await record('csv', atMinutes({ 0: 1.5, 1: 1e-7 }));
    expect(seriesToCsv(await series('csv', { ...wholeDay, step: '1m' }))).toBe(
      'at,value\r\n2026-03-01T00:00:00.000Z,1.5\r\n2026-03-01T00:01:00.000Z,1e-7\r\n',
    );
  });
});

describe('a comparison', () => {
  const range = { from: day, at: instant(dayMs + 3_600_000), to: instant(dayMs + 7_200_000) };

  test('separates before and after: the time of the change counts as after', async () => {
    await define('compared');
    await record('compared', atMinutes({ 0: 100, 59: 300, 60: 40, 119: 60, 120: 9999 }));
    expect(await compare('compared', range)).toMatchObject({
      ...range,
      unit: 'ms',
      betterWhen: 'down',
      aggregate: 'avg',
      before: { value: 200, count: 2 },
      after: { value: 50, count: 2 },
      difference: -150,
      ratio: 0.25,
      improved: true,
    });
    const counts = await compare('compared', { ...range, aggregate: 'last' });
    expect(counts).toMatchObject({ before: { value: 300 }, after: { value: 60 } });
  });

  test('without samples on a side has no result', async () => {
    await define('one-sided');
    await record('one-sided', atMinutes({ 60: 1 }));
    const nothing = { difference: null, ratio: null, improved: null };
    expect(await compare('one-sided', range)).toMatchObject({
      before: { value: null, count: 0 },
      after: { value: 1, count: 1 },
      ...nothing,
    });
  });

  test.each([
    ['up', 1, 2, { difference: 1, ratio: 2, improved: true }],
    ['down', 1, 2, { difference: 1, ratio: 2, improved: false }],
    ['down', 2, 2, { difference: 0, ratio: 1, improved: false }],
    ['up', 0, 2, { difference: 2, ratio: null, improved: true }],
    ['up', 0, 0, { difference: 0, ratio: null, improved: false }],
  ] as const)('where %s is better, from %d to %d, is judged', (betterWhen, before, after, judgement) => {
    expect(assessChange(betterWhen, before, after)).toEqual(judgement);
  });

  test.each([
    { ...range, at: range.from },
    { ...range, at: range.to },
  ])('is refused with a time of change at an end of its range', async (query) => {
    await expect(compare('compared', query)).rejects.toMatchObject({ fields: [{ pointer: '/at' }] });
  });

  test('of many claims returns the averages of each, in order', async () => {
    const { id: first } = await define('many-1');
    const { id: second } = await define('many-2');
    await record('many-1', atMinutes({ 0: 1, 60: 3 }));
    await record('many-2', atMinutes({ 0: 10, 30: 30 }));
    const { from, at: changedAt, to } = range;
    const none = { value: null, count: 0 };
    expect(
      await compareWindows(platform.db, [
        { metricId: second, from, changedAt, to },
        { metricId: first, from, changedAt, to },
        { metricId: first, from, changedAt: null, to },
        { metricId: first, from, changedAt: from, to },
        { metricId: first, from: to, changedAt: null, to },
        { metricId: 'met_nothing', from, changedAt, to },
      ]),
    ).toEqual([
      { before: { value: 20, count: 2 }, after: none },
      { before: { value: 1, count: 1 }, after: { value: 3, count: 1 } },
      { before: null, after: { value: 2, count: 2 } },
      { before: none, after: { value: 2, count: 2 } },
      { before: null, after: none },
      { before: none, after: none },
    ]);
    expect(await compareWindows(platform.db, [])).toEqual([]);
  });
});

describe('an anonymous reader', () => {
  const inClaims = atMinutes({ 60: 1, 90: 2, 119: 3, 240: 4 });
  const outside = atMinutes({ 0: 1000, 59: 1000, 120: 1000, 200: 1000, 300: 1000 });
  let studyId: string;
  beforeAll(async () => {
    await define('shown');
    await define('hidden');
    await record('shown', [...inClaims, ...outside]);
    await record('hidden', inClaims);
    studyId = await claim('shows-hour', 'shown', minuteAt(60), minuteAt(120), 'published');
    await claim('shows-half-of-it', 'shown', minuteAt(90), minuteAt(115), 'published');
    await claim('shows-later', 'shown', minuteAt(240), minuteAt(241), 'published');
    await claim('is-a-draft', 'shown', minuteAt(0), minuteAt(300), 'draft');
    await claim('is-a-draft-too', 'hidden', minuteAt(0), minuteAt(300), 'draft');
  });

  test('sees the metrics of published claims only', async () => {
    expect(await read('shown', anonymous)).toEqual(await read('shown'));
    const { items } = await metric.list.run(platform.as(anonymous), { portfolio });
    const keys = items.map(({ key }) => key);
    expect(keys).toContain('shown');
    expect(keys).not.toContain('hidden');
    const refusals = await Promise.all(
      ['hidden', 'unknown'].flatMap((key) =>
        [
          read(key, anonymous),
          series(key, { ...wholeDay, step: '1h' }, anonymous),
          compare(key, { ...wholeDay, at: minuteAt(60) }, anonymous),
        ].map((refused) => refused.catch((error: Error) => error.message)),
      ),
    );
    const toHidden = 'There is no metric "hidden" in portfolio "team".';
    const toUnknown = 'There is no metric "unknown" in portfolio "team".';
    expect(refusals).toEqual([toHidden, toHidden, toHidden, toUnknown, toUnknown, toUnknown]);
  });

  test.each(aggregates)('sees the %s of claimed ranges only, each sample once', async (aggregate) => {
    const daily = await series('shown', { ...wholeDay, step: '1d', aggregate }, anonymous);
    const values = inClaims.map(({ value }) => value);
    expect(daily.points).toEqual([{ at: day, value: expect.closeTo(plain[aggregate](values), 9) }]);
    const compared = await compare('shown', { ...wholeDay, at: minuteAt(119), aggregate }, anonymous);
    expect(compared).toMatchObject({ before: { count: 2 }, after: { count: 2 } });
  });

  test('sees all samples of a claimed range, and members see everything', async () => {
    const minutely = { ...wholeDay, step: '1m' };
    const { points } = await series('shown', minutely, anonymous);
    expect(points.map(({ at: time, value }) => ({ at: time, value }))).toEqual(inClaims);
    expect((await series('shown', minutely, user('viewer'))).points).toHaveLength(9);
  });

  test('no longer sees ranges that are no longer published', async () => {
    await platform.db.update(caseStudies).set({ status: 'archived' }).where(eq(caseStudies.id, studyId));
    const { points } = await series('shown', { ...wholeDay, step: '1d', aggregate: 'count' }, anonymous);
    expect(points).toEqual([{ at: day, value: 2 }]);
  });
});
