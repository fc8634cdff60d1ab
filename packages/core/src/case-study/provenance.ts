import { z } from 'zod';
import { proveClaims, provenClaimSchema } from '../claim/provenance.ts';
import { maxClaims, standingsSchema } from '../claim/schemas.ts';
import { countStandings } from '../claim/standing.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { fetchCaseStudy } from './internal.ts';
import { caseStudyRef, caseStudyStatusSchema } from './schemas.ts';

export const readProvenance = operation({
  name: 'caseStudy.provenance',
  kind: 'query',
  summary: 'Trace every claim of a case study to its evidence and metric, with its current standing.',
  scope: 'case-study:read',
  shows: ['metric:read', 'evidence:read'],
  public: true,
  input: z.strictObject(caseStudyRef),
  output: z
    .object({
      portfolio: slugSchema,
      slug: slugSchema,
      title: z.string(),
      status: caseStudyStatusSchema,
      studyVersion: z.int(),
      standings: standingsSchema,
      claims: z.array(provenClaimSchema).max(maxClaims),
    })
    .meta({ id: 'Provenance' }),
  tenant: tenantBySlug,
  async run(ctx, { slug }, tenant) {
    const { id, portfolio, title, status, version } = await fetchCaseStudy(ctx, tenant, slug);
    const proven = await proveClaims(ctx, id, portfolio, tenant);
    const standings = countStandings(proven.map(({ standing }) => standing));
    return { portfolio, slug, title, status, studyVersion: version, standings, claims: proven };
  },
});
