import { and, desc, eq, gt, isNotNull, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { caseStudies } from './case-study.sql.ts';
import { binnedStudyFields } from './internal.ts';
import { binnedCaseStudySchema } from './schemas.ts';

export const listBinnedCaseStudies = operation({
  name: 'caseStudy.bin',
  kind: 'query',
  summary: 'List the deleted case studies of a portfolio that can still be undeleted, newest first.',
  scope: 'case-study:read',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...pageInput }),
  output: pageOf(binnedCaseStudySchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor = newest('caseStudy') }, { id: portfolioId }) {
    return toPage(await binnedBefore(db).execute({ portfolioId, cursor, limit: limit + 1 }), limit);
  },
});

const binnedBefore = prepared((db) =>
  db
    .select(binnedStudyFields)
    .from(caseStudies)
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(
      and(
        eq(caseStudies.portfolioId, sql.placeholder('portfolioId')),
        isNotNull(caseStudies.binnedAt),
        gt(caseStudies.purgeAt, sql`now()`),
        lt(caseStudies.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(caseStudies.id))
    .limit(sql.placeholder('limit'))
    .prepare('case_study_bin'),
);
