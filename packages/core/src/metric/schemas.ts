import { z } from 'zod';
import { idOf } from '../ids.ts';
import { line, newSlugInput, slugSchema, storedLine, text } from '../text.ts';
import { expectedVersion } from '../version.ts';
import { instantSchema } from '../time.ts';

const fields = {
  name: line(200),
  unit: line(40).describe('The unit of the values, such as "ms", "%" or "deployments a week".'),
  betterWhen: z.enum(['up', 'down']).describe('The direction of an improvement.'),
  description: text(2000).describe('Plain text: what is measured, where and how.'),
};

/** An operational metric without its samples. `version` grows with each change, but not with new samples. */
export const metricSchema = z
  .object({
    id: idOf('metric'),
    portfolio: slugSchema,
    key: slugSchema,
    ...fields,
    name: storedLine(200),
    unit: storedLine(40).describe(fields.unit.description!),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Metric' });

export type Metric = z.infer<typeof metricSchema>;

/** Input fields that identify a metric: the slug of its portfolio and its key. */
export const metricRef = { portfolio: slugSchema, key: slugSchema };

export const metricInput = z.strictObject({
  ...metricRef,
  ...fields,
  description: fields.description.default(''),
});

export const metricPatch = z.strictObject({
  ...metricRef,
  ...z.object(fields).partial().shape,
  newKey: newSlugInput.newSlug,
  ...expectedVersion,
});

/** The limit of values: no sum or square of samples may overflow a double, which is an error in Postgres. */
const largest = 1e100;

const sampleSchema = z.strictObject({
  at: instantSchema.describe('The time of the measurement, stored to the millisecond.'),
  value: z
    .number()
    .min(-largest)
    .max(largest)
    // Turns -0 into 0.
    .overwrite((value) => value + 0),
});

export type Sample = z.infer<typeof sampleSchema>;

const maxSamples = 5000;

/** A batch of samples in any order; their times must be unique. */
export const samplesInput = z.strictObject({
  ...metricRef,
  samples: z.array(sampleSchema).min(1).max(maxSamples),
});

/** How values are aggregated. Percentiles are interpolated between the two nearest values. */
export const aggregateSchema = z.enum(['avg', 'min', 'max', 'sum', 'last', 'p50', 'p95', 'count']);
export type AggregateName = z.infer<typeof aggregateSchema>;

export const aggregateInput = aggregateSchema
  .default('avg')
  .describe('How values are aggregated. p50 and p95 are percentiles with linear interpolation.');

/** Input fields of a time range: `from` is inclusive, `to` is exclusive. */
export const rangeInput = {
  from: instantSchema.describe('The start of the range, inclusive.'),
  to: instantSchema.describe('The end of the range, exclusive.'),
};

/** Refuses an empty or negative range; for `superRefine`. */
export function checkRange({ from, to }: { from: string; to: string }, ctx: z.RefinementCtx) {
  if (from >= to) ctx.addIssue({ code: 'custom', path: ['to'], message: 'Expected a time after "from".' });
}

/** The aggregate of the values in a range; null if there are none. */
export const summarySchema = z
  .object({ value: z.number().nullable(), count: z.int().describe('The number of samples.') })
  .meta({ id: 'MetricSummary' });

export type Summary = z.infer<typeof summarySchema>;
