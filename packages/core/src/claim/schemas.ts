import { z } from 'zod';
import { instantSchema } from '../time.ts';
import { line, slugSchema } from '../text.ts';

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
    from: instantSchema,
    to: instantSchema.describe('The first moment that does not belong to it.'),
    changedAt: instantSchema
      .nullable()
      .default(null)
      .describe('When the change took effect: what was before and after it is compared.'),
  })
  .superRefine(({ from, to, changedAt }, ctx) => {
    if (from >= to) ctx.addIssue({ code: 'custom', path: ['to'], message: 'Expected it after "from".' });
    if (changedAt !== null && (changedAt <= from || changedAt >= to)) {
      const message = 'Expected it after "from" and before "to".';
      ctx.addIssue({ code: 'custom', path: ['changedAt'], message });
    }
  });

const claimFields = {
  key: slugSchema.describe('Names the claim within its study.'),
  statement: line(500),
  metric: metricRange.nullable().describe('What was measured, and when.'),
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

/** A claim as it is answered: each piece of evidence with the version that its author had seen. */
const claimSchema = z
  .object({
    ...claimFields,
    evidence: z.array(citation).max(maxCited),
  })
  .meta({ id: 'Claim' });

export type Claim = z.infer<typeof claimSchema>;

const evidenceInput = z.strictObject({
  slug: slugSchema,
  version: evidenceNumber
    .optional()
    .describe('Left out, it stays as it was in the same claim, or becomes the latest.'),
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

/** Claims as they are answered, in their order. */
export const claimsSchema = z.array(claimSchema).max(maxClaims);

/** Claims as authors write them, in their order. */
export const claimsInput = z
  .array(claimInput)
  .max(maxClaims)
  .superRefine(refuseRepeated(({ key }) => key, 'key'));

export type ClaimInput = z.output<typeof claimInput>;

/** Slugs of the artifacts that a study presents, in their order. */
export const artifactsSchema = z
  .array(slugSchema)
  .max(maxArtifacts)
  .meta({ description: 'The artifacts that the study presents.', uniqueItems: true });

/** As `artifactsSchema`, from authors. */
export const artifactsInput = artifactsSchema.superRefine(refuseRepeated((slug) => slug));

/**
 * What a claim is worth now: `unbacked` without evidence and metric; `broken` when evidence is missing or has a
 * problem, or when a side of what was measured has no samples; `stale` when evidence was not checked for too long, or
 * is no longer what its author had seen; else `backed`.
 */
export const claimStandingSchema = z.enum(['backed', 'stale', 'broken', 'unbacked']);
export type ClaimStanding = z.infer<typeof claimStandingSchema>;

/** How many claims have which standing. */
export const standingsSchema = z
  .object({ backed: z.int(), stale: z.int(), broken: z.int(), unbacked: z.int() })
  .meta({ id: 'Standings' });
