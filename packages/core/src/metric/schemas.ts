import { z } from 'zod';
import { idOf } from '../ids.ts';
import { line, slugSchema, text } from '../text.ts';
import { expectedVersion } from '../version.ts';
import { instantSchema } from '../time.ts';

const fields = {
  name: line(200),
  unit: line(40).describe('What its values count, such as "ms", "%" or "deployments a week".'),
  betterWhen: z.enum(['up', 'down']).describe('Which way the values should go.'),
  description: text(2000).describe('Plain text: what is measured, where and how.'),
};

/** An operational metric without its samples. `version` grows with each change, which samples are not. */
export const metricSchema = z
  .object({
    id: idOf('metric'),
    portfolio: slugSchema,
    key: slugSchema,
    ...fields,
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Metric' });

export type Metric = z.infer<typeof metricSchema>;

/** Which metric: slug of the portfolio and key of the metric. */
export const metricRef = { portfolio: slugSchema, key: slugSchema };

export const metricInput = z.strictObject({
  ...metricRef,
  ...fields,
  description: fields.description.default(''),
});

export const metricPatch = z.strictObject({
  ...metricRef,
  ...z.object(fields).partial().shape,
  ...expectedVersion,
});

/** So large that no sum or square of samples overflows a double, which Postgres would refuse to answer. */
const largest = 1e100;

const sampleSchema = z.strictObject({
  at: instantSchema.describe('When it was measured; kept to the millisecond.'),
  value: z
    .number()
    .min(-largest)
    .max(largest)
    // There is one zero.
    .overwrite((value) => value + 0),
});

export type Sample = z.infer<typeof sampleSchema>;

const maxSamples = 5000;

/** A batch of samples in any order, each at a time of its own. */
export const samplesInput = z.strictObject({
  ...metricRef,
  samples: z.array(sampleSchema).min(1).max(maxSamples),
});

/** How values are summed up. Percentiles are interpolated between the two nearest values. */
export const aggregateSchema = z.enum(['avg', 'min', 'max', 'sum', 'last', 'p50', 'p95', 'count']);
export type AggregateName = z.infer<typeof aggregateSchema>;

export const aggregateInput = aggregateSchema
  .default('avg')
  .describe('How values are summed up; p50 and p95 are percentiles, interpolated linearly.');

/** Input fields of a range of time: `from` belongs to it, `to` does not. */
export const rangeInput = {
  from: instantSchema.describe('The first moment of the range.'),
  to: instantSchema.describe('The moment at which the range ends; it does not belong to it.'),
};

/** The issue of a range that ends before it begins, for `superRefine`. */
export function checkRange({ from, to }: { from: string; to: string }, ctx: z.RefinementCtx) {
  if (from >= to) ctx.addIssue({ code: 'custom', path: ['to'], message: 'Expected a moment after "from".' });
}

/** Values within a range, summed up: null where there are none. */
export const summarySchema = z
  .object({ value: z.number().nullable(), count: z.int().describe('How many samples there are.') })
  .meta({ id: 'MetricSummary' });

export type Summary = z.infer<typeof summarySchema>;
