import { parser } from '@prometheus-io/lezer-promql';
import { contract, http, streams } from '@portfolio/core/telemetry/contract';
import { labelName, prometheusName } from '@portfolio/core/telemetry/prometheus-name';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { apiLatencyP95, latencyRule } from '../../stacks/k8s/latency.ts';
import { testFolder } from '../support/folder.ts';
import { ofKind } from './support/workloads.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

/** The path in Debian's package. */
const promtool = '/usr/bin/promtool';

type Series = { series: string; values: string };
type Histogram = { name: string; buckets: readonly number[] };

const histograms = {
  requests: { name: prometheusName(http.requests), buckets: http.requests.buckets },
  streams: { name: prometheusName(streams.durations), buckets: streams.durations.buckets },
};

/** The series of a histogram, in which `perStep` more values of `seconds` are counted in each step of 15 seconds. */
function counted(
  { name, buckets }: Histogram,
  { seconds, perStep, labels = '' }: { seconds: number; perStep: number; labels?: string },
): Series[] {
  const bounds = [...buckets.map(String), '+Inf'];
  const isIn = (bound: string) => bound === '+Inf' || seconds <= Number(bound);
  return bounds.map((bound) => ({
    series: `${name}_bucket{job="portfolio-api",le="${bound}"${labels}}`,
    values: `0+${isIn(bound) ? perStep : 0}x60`,
  }));
}

const requests = (seconds: number, perStep: number, route = '/api/v1/portfolios') =>
  counted(histograms.requests, { seconds, perStep, labels: `,${labelName('http.route')}="${route}"` });

/** The samples of an expression after ten minutes. */
type Expected = { expr: string; values: number[] };

/** What promtool reports: an empty text if all is as expected. */
async function evaluate(series: Series[], { expr, values }: Expected): Promise<string> {
  const folder = await testFolder();
  await writeFile(join(folder, 'rules.json'), JSON.stringify(latencyRule.spec));
  await writeFile(
    join(folder, 'test.json'),
    JSON.stringify({
      rule_files: ['rules.json'],
      evaluation_interval: '15s',
      tests: [
        {
          interval: '15s',
          input_series: series,
          promql_expr_test: [
            { expr, eval_time: '10m', exp_samples: values.map((value) => ({ labels: '{}', value })) },
          ],
        },
      ],
    }),
  );
  const { status, stdout, stderr } = spawnSync(promtool, ['test', 'rules', 'test.json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return status === 0 ? '' : `${stdout}${stderr}`;
}

const rounded = `round(${apiLatencyP95.record}, 0.0001)`;
const tooSlow = `round(${apiLatencyP95.record} > ${apiLatencyP95.objectiveSeconds}, 0.0001)`;

describe.skipIf(!existsSync(promtool))('the recorded latency (needs the Debian package prometheus)', () => {
  test('is that of requests while streams are open', async () => {
    const fast = requests(0.1, 97);
    const open = counted(histograms.streams, { seconds: 1800, perStep: 6, labels: ',transport="sse"' });
    expect(await evaluate([...fast, ...open], { expr: rounded, values: [0.0988] })).toBe('');
  });

  test('does not count health checks, however many', async () => {
    const checks = ['/healthz', '/readyz'].flatMap((route) => requests(0.001, 1000, route));
    expect(await evaluate([...requests(0.3, 1), ...checks], { expr: rounded, values: [0.3925] })).toBe('');
  });

  test('meets the objective at 0.4 s exactly, and not above', async () => {
    expect(await evaluate(requests(0.4, 10), { expr: tooSlow, values: [] })).toBe('');
    expect(await evaluate(requests(0.401, 10), { expr: tooSlow, values: [0.495] })).toBe('');
  });

  test.each([
    ['without requests', requests(0.1, 0)],
    ['without series', []],
  ])('has no sample %s', async (_, series) => {
    expect(await evaluate(series, { expr: rounded, values: [] })).toBe('');
  });
});

/** The names of the metrics in a query. Throws if it cannot be parsed. */
function metricsOf(query: string): string[] {
  const names: string[] = [];
  parser
    .configure({ strict: true })
    .parse(query)
    .iterate({
      enter({ type, from, to }) {
        if (type.name === 'Identifier') names.push(query.slice(from, to));
      },
    });
  return names;
}

describe('queries', () => {
  let production: App;
  beforeAll(async () => {
    production = await synthesized('production');
  });

  type Rule = { record?: string; expr: string };
  type Trigger = { type: string; metadata: { query: string } };

  const rules = () =>
    ofKind(production, 'PrometheusRule').flatMap(
      ({ spec }) => spec.groups.flatMap((group: { rules: Rule[] }) => group.rules) as Rule[],
    );
  const triggers = () =>
    ofKind(production, 'ScaledObject').flatMap(({ spec }) =>
      (spec.triggers as Trigger[]).filter(({ type }) => type === 'prometheus'),
    );

  test('of rules and autoscalers can be parsed, and ask for series that programs have or rules record', () => {
    const series = contract.flatMap((instrument) => {
      const name = prometheusName(instrument);
      return instrument.kind === 'histogram'
        ? ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`)
        : [name];
    });
    const known = new Set([...series, ...rules().flatMap(({ record }) => record ?? [])]);
    const queries = [...rules().map(({ expr }) => expr), ...triggers().map(({ metadata }) => metadata.query)];
    expect(queries.length).toBeGreaterThanOrEqual(2);
    const asked = queries.flatMap(metricsOf);
    expect(asked.length).toBeGreaterThanOrEqual(queries.length);
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});
