import type { Meter } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { contract, http, jobs } from './contract.ts';
import { histogram } from './instrument.ts';
import { prometheusName } from './prometheus-name.ts';

test('names of instruments are unique, also in Prometheus', () => {
  const names = contract.map(prometheusName);
  expect(new Set(names).size).toBe(names.length);
});

test('a hot histogram counts a value at a bound in the bucket of that bound', async () => {
  await using telemetry = recordTelemetry('api');
  const series = http.requests.series({
    'http.request.method': 'GET',
    'http.route': '/bounds',
    'http.response.status_class': '2xx',
  });
  series.record(0.4);
  series.record(0.41);
  const lines = (await telemetry.series(http.requests)).filter((line) => line.includes('/bounds'));
  expect(lines.find((line) => line.includes('le="0.25"'))).toMatch(/ 0$/);
  expect(lines.find((line) => line.includes('le="0.4"'))).toMatch(/ 1$/);
  expect(lines.find((line) => line.includes('le="+Inf"'))).toMatch(/ 2$/);
});

test('a counter with closed labels has all its series from the start, so that its first event is an increase', async () => {
  await using telemetry = recordTelemetry('worker');
  const before = await telemetry.series(jobs.reaped);
  expect(before).toHaveLength(4 * 3);
  jobs.reaped.add(1, { 'job.kind': 'export.pdf', outcome: 'dead' });
  expect(await telemetry.series(jobs.reaped)).toContain(
    'portfolio_job_reaped_total{job_kind="export.pdf",outcome="dead"} 1',
  );
});

test('an open label takes as many values as it declares, and calls the others _OTHER', () => {
  const own = histogram({
    name: 'test.duration',
    unit: 's',
    description: 'Of this test alone.',
    programs: ['api'],
    labels: { operation: { most: 3, of: 'operations' }, outcome: ['ok', 'refused'] },
    buckets: [1],
  });
  const recorded: unknown[] = [];
  const record = (_value: number, labels: unknown) => void recorded.push(labels);
  own.connect({ createHistogram: () => ({ record }) } as unknown as Meter);
  for (const operation of ['a', 'b', 'c', 'd', 'a', 'e']) own.record(0.1, { operation, outcome: 'ok' });
  own.disconnect();
  expect(recorded).toEqual(
    ['a', 'b', 'c', '_OTHER', 'a', '_OTHER'].map((operation) => ({ operation, outcome: 'ok' })),
  );
});

test('a gauge has the series that its sources report now, and none of a source that has ended or fails', async () => {
  await using telemetry = recordTelemetry('worker');
  let isAvailable = true;
  const ends = [
    jobs.slots.observe(() => [{ value: 2, labels: { 'job.kind': 'export.pdf', state: 'free' } }]),
    jobs.slots.observe(() => {
      if (!isAvailable) throw new Error('unavailable');
      return [{ value: 3, labels: { 'job.kind': 'export.pdf', state: 'taken' } }];
    }),
  ];
  expect(await telemetry.series(jobs.slots)).toEqual([
    'portfolio_job_slots{job_kind="export.pdf",state="free"} 2',
    'portfolio_job_slots{job_kind="export.pdf",state="taken"} 3',
  ]);
  isAvailable = false;
  expect(await telemetry.series(jobs.slots)).toHaveLength(1);
  for (const end of ends) end();
  expect(await telemetry.series(jobs.slots)).toEqual([]);
});

test('instruments do nothing while telemetry is off', async () => {
  jobs.deadLetters.add(5);
  await using telemetry = recordTelemetry('worker');
  expect(await telemetry.series(jobs.deadLetters)).toEqual(['portfolio_job_dead_letters_total 0']);
});

test('collections at once have the series of gauges each', async () => {
  await using telemetry = recordTelemetry('worker');
  const end = jobs.slots.observe(() => [{ value: 3, labels: { 'job.kind': 'export.pdf', state: 'free' } }]);
  const atOnce = await Promise.all([telemetry.series(jobs.slots), telemetry.series(jobs.slots)]);
  end();
  expect(atOnce.map((series) => series.length)).toEqual([1, 1]);
});
