import { z } from 'zod';
import { invalidInput } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { boundedString, slugSchema } from '../text.ts';
import { fetchMetric, samplesDb, visibleSpan } from './internal.ts';
import { aggregateInput, aggregateSchema, checkRange, metricRef, rangeInput } from './schemas.ts';
import { summarize } from './summarize.ts';

const maxPoints = 5000;

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The steps that an error can suggest if the requested step has too many points. */
const usualSteps = ['1s', '10s', '1m', '5m', '15m', '1h', '6h', '1d', '7d', '30d', '365d'];

function toSeconds(step: string): number {
  return Number(step.slice(0, -1)) * unitSeconds[step.at(-1) as keyof typeof unitSeconds];
}

const stepSchema = boundedString(10)
  .regex(
    /^[1-9]\d{0,8}[smhd]$/,
    'Expected a whole number of seconds, minutes, hours or days, e.g. "30s", "5m", "1h" or "1d".',
  )
  .refine((step) => toSeconds(step) <= toSeconds('366d'), 'Expected at most "366d".')
  .describe('The length of each point, e.g. "30s", "5m", "1h" or "1d", aligned to 1970-01-01T00:00:00Z.');

/** A metric over time. */
const seriesSchema = z
  .object({
    portfolio: slugSchema,
    metric: slugSchema,
    unit: z.string(),
    aggregate: aggregateSchema,
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    stepSeconds: z.int(),
    points: z
      .array(z.object({ at: z.iso.datetime().describe('The start of the step, in UTC.'), value: z.number() }))
      .max(maxPoints)
      .describe('In time order. Steps without samples are omitted.'),
  })
  .meta({ id: 'MetricSeries' });

export type Series = z.infer<typeof seriesSchema>;

export const readSeries = operation({
  name: 'metric.series',
  kind: 'query',
  summary:
    'Read a metric over time, in at most 5,000 points. Anonymous readers see the ranges of published claims only.',
  scope: 'metric:read',
  public: true,
  input: z
    .strictObject({ ...metricRef, ...rangeInput, step: stepSchema, aggregate: aggregateInput })
    .superRefine(checkRange),
  output: seriesSchema,
  tenant: tenantBySlug,
  async run(ctx, { key, from, to, step, aggregate }, tenant) {
    const stepSeconds = toSeconds(step);
    refuseTooManyPoints(from, to, stepSeconds);
    const metric = await fetchMetric(ctx, tenant, key);
    const visible = await visibleSpan(ctx, tenant, metric);
    const steps = cut(from, to, stepSeconds);
    const summaries = await summarize(
      samplesDb(ctx, tenant),
      aggregate,
      visible,
      steps.map(({ from: begin, to: end }) => ({ metricId: metric.id, from: begin, to: end })),
    );
    const points = steps.flatMap(({ at }, index) => {
      const { value } = summaries[index]!;
      return value === null ? [] : [{ at, value }];
    });
    const { portfolio, unit } = metric;
    return { portfolio, metric: key, unit, aggregate, from, to, stepSeconds, points };
  },
});

/** The number of the step that contains a time, counted from 1970-01-01T00:00:00Z. */
const numberOf = (instant: string, stepSeconds: number) =>
  Math.floor(Date.parse(instant) / stepSeconds / 1000);

function countSteps(from: string, to: string, stepSeconds: number): number {
  const last = new Date(Date.parse(to) - 1).toISOString();
  return numberOf(last, stepSeconds) - numberOf(from, stepSeconds) + 1;
}

function refuseTooManyPoints(from: string, to: string, stepSeconds: number) {
  const count = countSteps(from, to, stepSeconds);
  if (count <= maxPoints) return;
  const fitting = usualSteps.find((step) => countSteps(from, to, toSeconds(step)) <= maxPoints)!;
  const detail = `Expected at most ${maxPoints} points, but the range has ${count} steps; "${fitting}" would fit.`;
  throw invalidInput([{ pointer: '/step', detail }]);
}

/** The steps that overlap a range: the aligned start `at` of each, and its part within the range. */
function cut(from: string, to: string, stepSeconds: number): { at: string; from: string; to: string }[] {
  const first = numberOf(from, stepSeconds);
  const instantOf = (number: number) => new Date(number * stepSeconds * 1000).toISOString();
  return Array.from({ length: countSteps(from, to, stepSeconds) }, (_, index) => {
    const at = instantOf(first + index);
    const next = instantOf(first + index + 1);
    return { at, from: at > from ? at : from, to: next < to ? next : to };
  });
}

/** A series as CSV (RFC 4180) with a header. Neither times nor numbers need quotes. */
export function seriesToCsv({ points }: Series): string {
  return [['at', 'value'], ...points.map(({ at, value }) => [at, value])]
    .map((fields) => `${fields.join(',')}\r\n`)
    .join('');
}
