import { operations } from '@portfolio/core';
import type { Actor } from '@portfolio/core/actor';
import { rollUpMetrics } from '@portfolio/core/metric/roll-up';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAttempt, testRunner } from '../../../../tests/support/runner.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { sha256Of } from '../../../../tests/support/upload.ts';
import { readPdf } from '../pdf/testing/read.ts';

const { metric } = operations;
const owner = user('owner');
const portfolio = 'team';
const never = new AbortController().signal;
const hour = 3_600_000;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  for (const slug of [portfolio, 'empty']) {
    await operations.portfolio.create.run(platform.as(owner), { slug, name: 'The Team' });
  }
});
afterAll(() => platform.stop());

type Ask = Omit<Parameters<typeof metric.report.run>[1], 'portfolio'>;
const march = { from: '2026-03-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' };
const ask = (input: Partial<Ask>, actor: Actor = owner, of = portfolio) =>
  metric.report.run(platform.as(actor), { portfolio: of, ...march, step: 'day', format: 'csv', ...input });

/** Defines a metric with samples, by hours after the begin of March. */
async function define(key: string, values: Record<number, number>, fields: object = {}) {
  const about = { portfolio, key, name: key, unit: 'ms', betterWhen: 'down' as const, ...fields };
  await metric.define.run(platform.as(owner), about);
  const samples = Object.entries(values).map(([hours, value]) => ({
    at: new Date(Date.parse(march.from) + Number(hours) * hour).toISOString(),
    value,
  }));
  if (samples.length > 0) await metric.record.run(platform.as(owner), { portfolio, key, samples });
}

async function work(id: string, reader = platform.db) {
  await runAttempt(testRunner(platform, { reader }), id);
  return operations.job.read.run(platform.as(owner), { id });
}

/** Requests a report, runs its job and downloads the file. */
async function report(input: Partial<Ask>) {
  const job = await work((await ask(input)).id);
  expect(job).toMatchObject({ state: 'succeeded', error: null });
  const link = await operations.job.result.run(platform.as(owner), { id: job.id });
  const response = await fetch(link.url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(job.result).toMatchObject({ sizeBytes: bytes.length, sha256: sha256Of(bytes) });
  return { job, response, bytes, text: new TextDecoder().decode(bytes) };
}

const linesOf = async (input: Partial<Ask>) => (await report(input)).text.split('\r\n').slice(1, -1);

describe('requesting a report', () => {
  test('is refused to anonymous callers, to viewers and without the scope, and hides portfolios from non-members', async () => {
    await define('requested', { 0: 1 });
    const { id } = await operations.portfolio.read.run(platform.as(owner), { portfolio });
    await platform.addMember(id, 'viewer', 'viewer');
    const input = { metrics: ['requested'] };
    await expect(ask(input, { kind: 'anonymous' })).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(ask(input, user('viewer'))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(ask(input, user('owner', ['metric:read']))).rejects.toMatchObject({ code: 'forbidden' });
    await expect(ask(input, user('non-member'))).rejects.toMatchObject({ code: 'not_found' });
  });

  test('requires metrics of the portfolio', async () => {
    await expect(ask({ metrics: ['requested', 'unknown'] })).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('"unknown"'),
    });
    await expect(ask({ metrics: ['requested'] }, owner, 'empty')).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(ask({}, owner, 'empty')).rejects.toMatchObject({ code: 'conflict' });
  });

  test.each([
    [{ step: 'hour', format: 'pdf', to: '2026-06-01T00:00:00.000Z' }, '2208 hours; "day" would fit'],
    [{ step: 'day', from: '1990-01-01T00:00:00.000Z' }, '13239 days; "week" would fit'],
    [
      { step: 'day', format: 'pdf', from: '1900-01-01T00:00:00.000Z', to: '2999-12-31T00:00:00.000Z' },
      'shorter range',
    ],
    [{ step: 'month', from: march.to }, 'Expected a time after "from"'],
    [{ from: 'yesterday' }, 'Expected a time'],
    [{ step: 'year' }, 'Expected "hour", "day", "week" or "month".'],
    [{ metrics: [] }, 'Expected at least 1 item.'],
  ])('with %j is refused with an error that says what would be right', async (input, message) => {
    await expect(ask(input as Partial<Ask>)).rejects.toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining(message),
    });
  });

  test('for all metrics is refused if the portfolio has too many', async () => {
    await operations.portfolio.create.run(platform.as(owner), { slug: 'many', name: 'Many' });
    await platform.sql`insert into metrics (id, portfolio_id, key, name, unit, better_when, description)
      select 'met_' || lpad(n::text, 26, '0'), (select id from portfolios where slug = 'many'), 'm-' || n, 'M', 'ms', 'up', ''
      from generate_series(1, 101) n`;
    await expect(ask({}, owner, 'many')).rejects.toMatchObject({ fields: [{ pointer: '/metrics' }] });
  });
});

describe('a report as CSV', () => {
  test('has a line for each metric and step with samples, in the requested order', async () => {
    await define('csv-b', { 0: 4, 1: -2, 23: 1, 24: 8, [31 * 24]: 99 });
    await define('csv-a', { 48: 1e-7 });
    const { text, response, job } = await report({ metrics: ['csv-b', 'csv-a', 'csv-b'] });
    expect(text.replaceAll('3.6999999999999997', '3.7')).toBe(
      [
        'metric,unit,at,count,min,avg,max,p50,p95',
        'csv-b,ms,2026-03-01T00:00:00.000Z,3,-2,1,4,1,3.7',
        'csv-b,ms,2026-03-02T00:00:00.000Z,1,8,8,8,8,8',
        'csv-a,ms,2026-03-03T00:00:00.000Z,1,1e-7,1e-7,1e-7,1e-7,1e-7',
        '',
      ].join('\r\n'),
    );
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toContain('team-metrics-2026-03-01-2026-04-01.csv');
    expect(job.result).toMatchObject({ pages: null, contentType: 'text/csv; charset=utf-8' });
  });

  test('cuts steps by the calendar in UTC, and the first and last one by the range', async () => {
    await define('cut', { 0: 1, 5: 3, 24: 5, 48: 7, 200: 9, 740: 100 });
    const from = '2026-03-01T04:30:00.000Z';
    const of = (step: Ask['step']) => linesOf({ metrics: ['cut'], from, step });
    expect(await of('hour')).toEqual([
      'cut,ms,2026-03-01T05:00:00.000Z,1,3,3,3,3,3',
      'cut,ms,2026-03-02T00:00:00.000Z,1,5,5,5,5,5',
      'cut,ms,2026-03-03T00:00:00.000Z,1,7,7,7,7,7',
      'cut,ms,2026-03-09T08:00:00.000Z,1,9,9,9,9,9',
      'cut,ms,2026-03-31T20:00:00.000Z,1,100,100,100,100,100',
    ]);
    expect((await of('day'))[0]).toBe('cut,ms,2026-03-01T00:00:00.000Z,1,3,3,3,3,3');
    expect(await of('week')).toEqual([
      'cut,ms,2026-02-23T00:00:00.000Z,1,3,3,3,,',
      'cut,ms,2026-03-02T00:00:00.000Z,2,5,6,7,,',
      'cut,ms,2026-03-09T00:00:00.000Z,1,9,9,9,,',
      'cut,ms,2026-03-30T00:00:00.000Z,1,100,100,100,,',
    ]);
    expect(await of('month')).toEqual(['cut,ms,2026-03-01T00:00:00.000Z,5,3,24.8,100,,']);
  });

  test.each(['hour', 'day', 'week', 'month'] as const)(
    'by %s is identical, byte for byte, from roll-ups and from samples, over years',
    async (step) => {
      const key = `years-${step}`;
      await define(key, {});
      await platform.sql`insert into metric_samples select id,
          timestamptz '2024-01-01Z' + n * interval '7 hours 13 minutes', sin(n) * 10 ^ (n % 7)
        from metrics, generate_series(0, 2600) n where key = ${key}`;
      const range = { from: '2024-02-10T05:00:00.000Z', to: '2025-03-05T06:07:08.009Z' };
      const raw = await report({ metrics: [key], step, ...range });
      expect(await rollUpMetrics(platform.db, never)).toBeGreaterThan(700);
      const rolledUp = await report({ metrics: [key], step, ...range });
      expect(rolledUp.text).toBe(raw.text);
      expect(rolledUp.text.length).toBeGreaterThan(500);
    },
  );

  test('contains no formula that a spreadsheet would run, and quotes where necessary', async () => {
    const units = ['=1+1', '+a', '-b', '@c', 'a,"b"', '%'];
    for (const [index, unit] of units.entries()) await define(`unit-${index}`, { 0: -index }, { unit });
    const { text } = await report({ metrics: units.map((_, index) => `unit-${index}`) });
    const rows = parse<Record<string, string>>(text, { columns: true });
    expect(rows.map(({ unit }) => unit)).toEqual(["'=1+1", "'+a", "'-b", "'@c", 'a,"b"', '%']);
    expect(rows.map(({ avg }) => avg)).toEqual(['0', '-1', '-2', '-3', '-4', '-5']);
  });

  test('of a range without samples is only its header', async () => {
    await define('silent', {});
    expect((await report({ metrics: ['silent'] })).text).toBe('metric,unit,at,count,min,avg,max,p50,p95\r\n');
  });
});

/** The parsed PDF, and the alternative texts of its figures in order. */
async function figures(bytes: Uint8Array) {
  const pdf = await readPdf(bytes);
  const alts: string[] = [];
  const walk = (node: object | null): void => {
    if (node === null) return;
    if ('alt' in node && typeof node.alt === 'string') alts.push(node.alt);
    if ('children' in node) for (const child of node.children as object[]) walk(child);
  };
  for (let number = 1; number <= pdf.document.numPages; number++) {
    walk(await (await pdf.document.getPage(number)).getStructTree());
  }
  return { ...pdf, alts };
}

describe('a report as PDF', () => {
  test('lists the changes in a table, and shows each metric in a chart with an alternative text', async () => {
    await define('lead', { 0: 100, 24: 140, 96: 120, 500: 60, 700: 40 }, { name: 'Lead time', unit: 'h' });
    await define('rate', { 24: -5, 600: -5 }, { name: 'Balance', betterWhen: 'up' });
    await define('worse', { 24: 10, 600: 12.5 }, { name: 'Errors' });
    await define('none', {}, { name: 'Nothing yet' });
    const { bytes, job } = await report({ metrics: ['lead', 'rate', 'worse', 'none'], format: 'pdf' });
    const { pages, alts, artifacts } = await figures(bytes);
    expect(job.result).toMatchObject({ pages: pages.length, contentType: 'application/pdf' });
    expect(pages[0]).toContain('Metrics report');
    expect(pages[0]).toContain('2026-03-01 until before 2026-04-01 (UTC)');
    const summary = pages[1]!.replaceAll(/\s+/g, ' ');
    expect(summary).toContain('Lead time h 120 50 -58.3 % better');
    expect(summary).toContain('Balance ms -5 -5 0 no different');
    expect(summary).toContain('Errors ms 10 12.5 +25 % worse');
    expect(summary).toContain('Nothing yet ms – – – –');
    expect(alts).toEqual([
      'Line chart of Lead time in h from 2026-03-01 until before 2026-04-01, by the day. The average goes from 100 (2026-03-01) to 40 (2026-03-30); all values are from 40 to 140. Steps with samples: 5.',
      expect.stringContaining('Balance in ms'),
      expect.stringContaining('Errors in ms'),
    ]);
    expect(pages.join('')).toContain('no samples in this range');
    expect(artifacts[1]).toContain('Page 2 of');
  });

  test('of a single sample, of a constant and of the largest and smallest values is drawn', async () => {
    await define('one', { 5: 3 });
    await define('constant', Object.fromEntries(Array.from({ length: 20 }, (_, n) => [n * 24, 0])));
    await define('extreme', { 0: -1e100, 24: 1e100, 48: 1e-100 });
    const { bytes } = await report({ metrics: ['one', 'constant', 'extreme'], format: 'pdf' });
    const { pages } = await figures(bytes);
    expect(pages.join('')).toContain('1 sample,');
    expect(pages.join('')).not.toMatch(/NaN|Infinity|undefined/);
  });
});

/** The number of groups that the jobs of reports belong to. */
async function groups(...input: Partial<Ask>[]): Promise<number> {
  const ids = await Promise.all(input.map(async (one) => (await ask({ metrics: ['twice'], ...one })).id));
  const rows = await platform.sql`select distinct group_key from jobs where id in ${platform.sql(ids)}`;
  return rows.length;
}

describe('the job of a report', () => {
  test('waits for an earlier job of the same report, and for no other', async () => {
    await define('twice', { 0: 1 });
    expect(await groups({}, {})).toBe(1);
    expect(await groups({}, { step: 'week' })).toBe(2);
  });

  test('leaves out metrics that were deleted meanwhile, and fails permanently if none is left', async () => {
    await define('remaining', { 0: 1 });
    await define('gone', { 0: 1 });
    const both = await ask({ metrics: ['gone', 'remaining'] });
    const one = await ask({ metrics: ['gone'] });
    await metric.delete.run(platform.as(owner), { portfolio, key: 'gone', expectedVersion: '*' });
    expect(await work(both.id)).toMatchObject({ state: 'succeeded' });
    expect(await work(one.id)).toMatchObject({ state: 'failed', error: { code: 'not_found' } });
  });

  test('reads one snapshot, and reports its time', async () => {
    await define('moment', { 0: 1 });
    const { job } = await report({ metrics: ['moment'] });
    const { asOf } = job.result as { asOf: string };
    expect(Date.parse(asOf)).toBeGreaterThanOrEqual(Date.parse(job.createdAt));
    expect(Date.parse(asOf)).toBeLessThanOrEqual(Date.parse(job.finishedAt!));
  });
});
