/**
 * The front matter of each kind of file. The schemas are those of the API's inputs, so that invalid input is found before
 * anything is sent; fields that come from the file's name or body are omitted.
 */
import { artifactInput, versionNameSchema } from '@portfolio/core/artifact/schemas';
import { claimsInput } from '@portfolio/core/claim/schemas';
import { caseStudyInput } from '@portfolio/core/case-study/schemas';
import { evidenceInput } from '@portfolio/core/evidence/schemas';
import { metricInput } from '@portfolio/core/metric/schemas';
import { portfolioInput } from '@portfolio/core/portfolio/schemas';
import { slugSchema, text } from '@portfolio/core/text';
import { httpsUrl } from '@portfolio/core/url';
import { z } from 'zod';

/** The content of a kind of file: the fields of its front matter, and the text below. */
export type Kind<Fields extends z.ZodType> = { fields: Fields; text: z.ZodType<string> };

export const portfolioFile = {
  fields: portfolioInput.omit({ description: true }),
  text: portfolioInput.shape.description,
};

export const metricFile = {
  fields: metricInput.omit({ portfolio: true, key: true, description: true }),
  text: metricInput.shape.description,
};

const evidenceFields = evidenceInput
  .omit({ portfolio: true, slug: true, description: true })
  .extend({ file: z.string().optional() })
  .superRefine(({ file, sourceUrl }, ctx) => {
    const isOne = (file === undefined) !== (sourceUrl === null);
    if (!isOne) ctx.addIssue({ code: 'custom', message: 'Expected either "file" or "sourceUrl".' });
  });

export const evidenceFile = { fields: evidenceFields, text: evidenceInput.shape.description };

const versionFields = z
  .strictObject({
    name: versionNameSchema,
    notes: text(20_000).default(''),
    file: z.string().optional(),
    referenceUrl: httpsUrl.optional(),
  })
  .superRefine(({ file, referenceUrl }, ctx) => {
    const isOne = (file === undefined) !== (referenceUrl === undefined);
    if (!isOne) ctx.addIssue({ code: 'custom', message: 'Expected either "file" or "referenceUrl".' });
  });

export const artifactFile = {
  fields: artifactInput
    .omit({ portfolio: true, slug: true, description: true })
    .extend({ versions: z.array(versionFields).default([]) }),
  text: artifactInput.shape.description,
};

/** Expands citations that are only the slug of evidence. */
function expandCitations(claims: unknown): unknown {
  if (!Array.isArray(claims)) return claims;
  return claims.map((claim: unknown) => {
    const isCiting = typeof claim === 'object' && claim !== null && 'evidence' in claim;
    if (!isCiting || !Array.isArray(claim.evidence)) return claim;
    const cited: unknown[] = claim.evidence;
    return { ...claim, evidence: cited.map((slug) => (typeof slug === 'string' ? { slug } : slug)) };
  });
}

export const studyFile = {
  fields: caseStudyInput.omit({ portfolio: true, body: true }).extend({
    slug: slugSchema.optional(),
    claims: z.preprocess(expandCitations, claimsInput.default([])),
    status: z.enum(['draft', 'published']).default('draft'),
  }),
  text: caseStudyInput.shape.body,
};
