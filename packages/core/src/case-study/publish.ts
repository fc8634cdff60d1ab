import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { caseStudyRef, caseStudySchema } from './schemas.ts';

export const publishCaseStudy = operation({
  name: 'caseStudy.publish',
  kind: 'mutation',
  summary: 'Publish a case study for everybody to read; a published one stays as it is.',
  scope: 'case-study:write',
  public: false,
  input: z.strictObject(caseStudyRef),
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run({ db }, { slug }, tenant) {
    await db
      .update(caseStudies)
      .set({
        status: 'published',
        publishedAt: sql`now()`,
        updatedAt: sql`now()`,
        version: sql`${caseStudies.version} + 1`,
      })
      .where(
        and(
          eq(caseStudies.portfolioId, tenant.id),
          eq(caseStudies.slug, slug),
          eq(caseStudies.status, 'draft'),
        ),
      );
    return fetchCaseStudy({ db }, tenant, slug);
  },
});
