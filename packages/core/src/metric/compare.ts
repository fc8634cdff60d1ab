import { z } from 'zod';
import type { Db } from '../context.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { instantSchema } from '../time.ts';
import { fetchMetric, samplesDb, visibleSpan } from './internal.ts';
import {
  type Metric,
  type Summary,
  aggregateInput,
  aggregateSchema,
  metricRef,
  metricSchema,
  rangeInput,
  summarySchema,
} from './schemas.ts';
import { type Part, summarize } from './summarize.ts';

const comparisonSchema = z
  .object({
    portfolio: slugSchema,
    metric: slugSchema,
    unit: z.string(),
    betterWhen: metricSchema.shape.betterWhen,
    aggregate: aggregateSchema,
    from: z.iso.datetime(),
    at: z.iso.datetime(),
    to: z.iso.datetime(),
    before: summarySchema.describe('Of the samples from `from` until before `at`.'),
    after: summarySchema.describe('Of the samples from `at` until before `to`.'),
    difference: z.number().nullable().describe('`after` less `before`.'),
    ratio: z.number().nullable().describe('`after` by `before`; null where that is no number.'),
    improved: z
      .boolean()
      .nullable()
      .describe('Whether it went the way that is better; null where a side has no samples.'),
  })
  .meta({ id: 'MetricComparison' });

export const compareMetric = operation({
  name: 'metric.compare',
  kind: 'query',
  summary: 'Compare a metric before and after a moment; strangers see what published claims rest on.',
  scope: 'metric:read',
  public: true,
  input: z
    .strictObject({
      ...metricRef,
      ...rangeInput,
      at: instantSchema.describe('The moment of the change: the first that is after it.'),
      aggregate: aggregateInput,
    })
    .superRefine(({ from, at, to }, ctx) => {
      if (from < at && at < to) return;
      ctx.addIssue({
        code: 'custom',
        path: ['at'],
        message: 'Expected a moment after "from" and before "to".',
      });
    }),
  output: comparisonSchema,
  tenant: tenantBySlug,
  async run(ctx, { key, from, at, to, aggregate }, tenant) {
    const metric = await fetchMetric(ctx, tenant, key);
    const visible = await visibleSpan(ctx, tenant, metric);
    const [before, after] = await summarize(samplesDb(ctx, tenant), aggregate, visible, [
      { metricId: metric.id, from, to: at },
      { metricId: metric.id, from: at, to },
    ]);
    const { portfolio, unit, betterWhen } = metric;
    const compared = assessChange(betterWhen, before!.value, after!.value);
    const sides = { before: before!, after: after!, ...compared };
    return { portfolio, metric: key, unit, betterWhen, aggregate, from, at, to, ...sides };
  },
});

/** What became of a value: nulls where a side is missing, and where a ratio is no finite number. */
export function assessChange(betterWhen: Metric['betterWhen'], before: number | null, after: number | null) {
  if (before === null || after === null) return { difference: null, ratio: null, improved: null };
  const ratio = after / before;
  return {
    difference: after - before,
    ratio: Number.isFinite(ratio) ? ratio : null,
    improved: betterWhen === 'up' ? after > before : after < before,
  };
}

/** The range of a metric that a claim rests on; without `changedAt` there is no before, only the whole. */
export type ClaimedRange = Part & { changedAt: string | null };

/**
 * The averages before and after the change of each claimed range, in one statement and in the order given. Where there
 * is no `changedAt`, `before` is null and `after` is of the whole range. Shows everything: for ranges that the reader
 * may see.
 */
export async function compareWindows(
  db: Db,
  ranges: ClaimedRange[],
): Promise<{ before: Summary | null; after: Summary }[]> {
  const parts = ranges.flatMap(({ metricId, from, changedAt, to }) => [
    { metricId, from, to: changedAt ?? from },
    { metricId, from: changedAt ?? from, to },
  ]);
  const summaries = await summarize(db, 'avg', '{(,)}', parts);
  return ranges.map(({ changedAt }, place) => ({
    before: changedAt === null ? null : summaries[2 * place]!,
    after: summaries[2 * place + 1]!,
  }));
}
