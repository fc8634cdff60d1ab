import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { caseStudyInput, caseStudySchema } from './schemas.ts';

export const createCaseStudy = operation({
  name: 'caseStudy.create',
  kind: 'mutation',
  summary: 'Create a case study as a draft.',
  scope: 'case-study:write',
  public: false,
  input: caseStudyInput,
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, ...input }, tenant) {
    const created = await db
      .insert(caseStudies)
      .values({ id: newId('caseStudy'), portfolioId: tenant.id, ...input })
      .onConflictDoNothing()
      .returning({ id: caseStudies.id });
    if (created.length === 0) {
      throw new AppError('conflict', `Portfolio "${tenant.slug}" already has a case study "${input.slug}".`);
    }
    return fetchCaseStudy({ db }, tenant, input.slug);
  },
});
