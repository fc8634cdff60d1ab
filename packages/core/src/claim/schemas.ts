import { z } from 'zod';
import { instantSchema } from '../time.ts';
import { line, slugSchema, storedLine } from '../text.ts';

/** Refuses items with the name of an earlier item; the issue is at the path of the name. */
function refuseRepeated<T>(nameOf: (item: T) => string, ...path: string[]) {
  return (items: T[], ctx: z.RefinementCtx) => {
    const seen = new Set<string>();
    for (const [at, item] of items.entries()) {
      const name = nameOf(item);
      if (seen.has(name)) {
        const message = `Expected unique values, but "${name}" occurs more than once.`;
        ctx.addIssue({ code: 'custom', path: [at, ...path], message });
      }
      seen.add(name);
    }
  };
}

const metricRange = z
  .strictObject({
    key: slugSchema.describe('The metric.'),
    from: instantSchema,
    to: instantSchema.describe('The end of the range, exclusive.'),
    changedAt: instantSchema
      .nullable()
      .default(null)
      .describe('When the change took effect: the samples before and after it are compared.'),
  })
  .superRefine(({ from, to, changedAt }, ctx) => {
    if (from >= to) ctx.addIssue({ code: 'custom', path: ['to'], message: 'Expected a time after "from".' });
    if (changedAt !== null && (changedAt <= from || changedAt >= to)) {
      const message = 'Expected a time after "from" and before "to".';
      ctx.addIssue({ code: 'custom', path: ['changedAt'], message });
    }
  });

const claimFields = {
  key: slugSchema.describe('The key of the claim, unique within its study.'),
  statement: line(500),
  metric: metricRange.nullable().describe('The measured metric and time range.'),
};

const evidenceNumber = z
  .int()
  .min(0)
  .max(2 ** 31 - 1);

const citation = z.object({
  slug: slugSchema,
  version: evidenceNumber.describe('The version that the author had seen; 0 if there was none.'),
});

export const maxCited = 20;

/** A claim in responses: each piece of evidence has the version that the author had seen. */
const claimSchema = z
  .object({
    ...claimFields,
    statement: storedLine(500),
    evidence: z.array(citation).max(maxCited),
  })
  .meta({ id: 'Claim' });

export type Claim = z.infer<typeof claimSchema>;

const evidenceInput = z.strictObject({
  slug: slugSchema,
  version: evidenceNumber
    .optional()
    .describe('By default the version that the same claim cited before, or else the latest.'),
});

const claimInput = z.strictObject({
  ...claimFields,
  metric: claimFields.metric.default(null),
  evidence: z
    .array(evidenceInput)
    .max(maxCited)
    .superRefine(refuseRepeated(({ slug }) => slug, 'slug'))
    .default([]),
});

export const maxClaims = 100;
const maxArtifacts = 50;

/** Claims in responses, in order. */
export const claimsSchema = z.array(claimSchema).max(maxClaims);

/** Claims in requests, in order. */
export const claimsInput = z
  .array(claimInput)
  .max(maxClaims)
  .superRefine(refuseRepeated(({ key }) => key, 'key'));

export type ClaimInput = z.output<typeof claimInput>;

/** Slugs of the artifacts that a study presents, in order. */
export const artifactsSchema = z
  .array(slugSchema)
  .max(maxArtifacts)
  .meta({ description: 'The artifacts that the study presents.', uniqueItems: true });

/** As `artifactsSchema`, in requests. */
export const artifactsInput = artifactsSchema.superRefine(refuseRepeated((slug) => slug));

/**
 * The standing of a claim. `unbacked`: no evidence and no metric. `broken`: evidence is missing or has a problem, or a
 * side of the metric's range has no samples. `stale`: evidence was not checked for too long, or differs from what the
 * author had seen. Otherwise `backed`.
 */
export const claimStandingSchema = z.enum(['backed', 'stale', 'broken', 'unbacked']);
export type ClaimStanding = z.infer<typeof claimStandingSchema>;

/** The number of claims with each standing. */
export const standingsSchema = z
  .object({ backed: z.int(), stale: z.int(), broken: z.int(), unbacked: z.int() })
  .meta({ id: 'Standings' });
