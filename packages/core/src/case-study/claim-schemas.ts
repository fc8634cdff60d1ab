import { z } from 'zod';
import { line, slugSchema } from '../text.ts';

/** The instant in UTC to the millisecond, or null where it is none between the years 1 and 9999. */
function toUtc(instant: string): string | null {
  const date = new Date(instant);
  const year = Number.isNaN(date.valueOf()) ? 0 : date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date.toISOString() : null;
}

const instant = z.iso
  .datetime({ offset: true, error: 'Expected an instant such as "2026-11-22T10:00:00Z".' })
  .refine((value) => toUtc(value) !== null, 'Expected a year from 0001 to 9999.')
  .overwrite((value) => toUtc(value) ?? value);

/** Issues for all but the first of things with the same name, at the path of the name. */
function refuseRepeated<T>(nameOf: (item: T) => string, ...path: string[]) {
  return (items: T[], ctx: z.RefinementCtx) => {
    const seen = new Set<string>();
    for (const [at, item] of items.entries()) {
      const name = nameOf(item);
      if (seen.has(name)) {
        const message = `Expected each only once, but "${name}" came before.`;
        ctx.addIssue({ code: 'custom', path: [at, ...path], message });
      }
      seen.add(name);
    }
  };
}

const metricRange = z
  .strictObject({
    key: slugSchema.describe('The metric.'),
    from: instant,
    to: instant,
    changedAt: instant
      .nullable()
      .default(null)
      .describe('When the change took effect: what was before and after it is compared.'),
  })
  .superRefine(({ from, to, changedAt }, ctx) => {
    if (from > to) ctx.addIssue({ code: 'custom', path: ['to'], message: 'Expected it not before "from".' });
    if (changedAt !== null && (changedAt < from || changedAt > to)) {
      const message = 'Expected it within "from" and "to".';
      ctx.addIssue({ code: 'custom', path: ['changedAt'], message });
    }
  });

const claimFields = {
  key: slugSchema.describe('Names the claim within its study.'),
  statement: line(500),
  metric: metricRange.nullable().describe('What was measured, and when.'),
};

/** A claim as it is answered: each piece of evidence with the version that its author had seen. */
export const claimSchema = z
  .object({
    ...claimFields,
    evidence: z.array(
      z.object({
        slug: slugSchema,
        version: z.int().describe('The number of the version that the author had seen; 0 if there was none.'),
      }),
    ),
  })
  .meta({ id: 'Claim' });

export type Claim = z.infer<typeof claimSchema>;

const evidenceInput = z.strictObject({
  slug: slugSchema,
  version: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .optional()
    .describe('Left out, it stays as it was in the same claim, or becomes the latest.'),
});

const claimInput = z.strictObject({
  ...claimFields,
  metric: claimFields.metric.default(null),
  evidence: z
    .array(evidenceInput)
    .max(20)
    .superRefine(refuseRepeated(({ slug }) => slug, 'slug'))
    .default([]),
});

/** Claims as authors write them, in their order. */
export const claimsInput = z
  .array(claimInput)
  .max(100)
  .superRefine(refuseRepeated(({ key }) => key, 'key'));

export type ClaimInput = z.output<typeof claimInput>;

/** Slugs of the artifacts that a study presents, in their order. */
export const artifactsInput = z
  .array(slugSchema)
  .max(50)
  .superRefine(refuseRepeated((slug) => slug));
