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
    before: summarySchema.describe('The samples from `from` to before `at`.'),
    after: summarySchema.describe('The samples from `at` to before `to`.'),
    difference: z.number().nullable().describe('`after` minus `before`.'),
    ratio: z.number().nullable().describe('`after` divided by `before`; null if not a finite number.'),
    improved: z
      .boolean()
      .nullable()
      .describe('Whether the value changed in the better direction; null if a side has no samples.'),
  })
  .meta({ id: 'MetricComparison' });

export const compareMetric = operation({
  name: 'metric.compare',
  kind: 'query',
  summary:
    'Compare a metric before and after a time. Anonymous readers see the ranges of published claims only.',
  scope: 'metric:read',
  public: true,
  input: z
    .strictObject({
      ...metricRef,
      ...rangeInput,
      at: instantSchema.describe('The time of the change; samples at this time count as after.'),
      aggregate: aggregateInput,
    })
    .superRefine(({ from, at, to }, ctx) => {
      if (from < at && at < to) return;
      ctx.addIssue({
        code: 'custom',
        path: ['at'],
        message: 'Expected a time after "from" and before "to".',
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

/** The change of a value. All null if a side is missing; `ratio` is null if not finite. */
export function assessChange(betterWhen: Metric['betterWhen'], before: number | null, after: number | null) {
  if (before === null || after === null) return { difference: null, ratio: null, improved: null };
  const ratio = after / before;
  return {
    difference: after - before,
    ratio: Number.isFinite(ratio) ? ratio : null,
    improved: betterWhen === 'up' ? after > before : after < before,
  };
}

/** The range of a metric in a claim. Without `changedAt`, it is measured as a whole. */
export type ClaimedRange = Part & { changedAt: string | null };

/**
 * The averages before and after the change of each range, in one statement and in the given order. Without `changedAt`,
 * `before` is null and `after` is the average of the range. Does not check whether the caller may see the ranges.
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
  return ranges.map(({ changedAt }, index) => ({
    before: changedAt === null ? null : summaries[2 * index]!,
    after: summaries[2 * index + 1]!,
  }));
}
