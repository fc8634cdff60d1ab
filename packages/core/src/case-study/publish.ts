import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { expectedVersion } from '../version.ts';
import { caseStudies } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { lockCaseStudy } from './lock.ts';
import { caseStudyRef, caseStudySchema } from './schemas.ts';

export const publishCaseStudy = operation({
  name: 'caseStudy.publish',
  kind: 'mutation',
  summary: 'Publish a case study for everybody to read; a published one stays as it is.',
  scope: 'case-study:write',
  public: false,
  input: z.strictObject({ ...caseStudyRef, ...expectedVersion }),
  output: caseStudySchema,
  tenant: tenantBySlug,
  async run({ db }, { slug, expectedVersion: expected }, tenant) {
    const { id } = await lockCaseStudy({ db }, tenant, slug, expected);
    await db
      .update(caseStudies)
      .set({
        status: 'published',
        publishedAt: sql`now()`,
        updatedAt: sql`now()`,
        version: nextVersion,
      })
      .where(and(eq(caseStudies.id, id), eq(caseStudies.status, 'draft')));
    return fetchCaseStudy({ db }, tenant, slug);
  },
});
