import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { largestInputBytes, operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { caseStudies } from './case-study.sql.ts';
import { writeFirstContent } from './content.ts';
import { fetchCaseStudy } from './internal.ts';
import { resolveReferences } from './references.ts';
import { caseStudyInput, caseStudySchema } from './schemas.ts';

export const createCaseStudy = operation({
  name: 'caseStudy.create',
  kind: 'mutation',
  summary: 'Create a case study as a draft.',
  scope: 'case-study:write',
  shows: ['case-study:read'],
  public: false,
  maxInputBytes: largestInputBytes,
  input: caseStudyInput,
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run(ctx, { portfolio: _, slug, ...input }, tenant) {
    const { db } = ctx;
    const { references, claims } = await resolveReferences(db, tenant, input, []);
    const { claims: __, artifacts, ...columns } = input;
    const id = newId('caseStudy');
    const created = await db
      .insert(caseStudies)
      .values({ id, portfolioId: tenant.id, slug, ...columns })
      .onConflictDoNothing()
      .returning({ id: caseStudies.id });
    if (created.length === 0) {
      throw new AppError('conflict', `Portfolio "${tenant.slug}" already has a case study "${slug}".`);
    }
    await writeFirstContent(ctx, id, { ...columns, claims, artifacts }, references);
    return fetchCaseStudy(ctx, tenant, slug);
  },
});
