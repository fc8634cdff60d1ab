import { and, desc, eq, lt } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { caseStudies } from './case-study.sql.ts';
import { caseStudyItemFields } from './internal.ts';
import { caseStudyItemSchema } from './schemas.ts';

export const listCaseStudies = operation({
  name: 'caseStudy.list',
  kind: 'query',
  summary: 'List the case studies of a portfolio, newest first, without their bodies.',
  scope: 'case-study:read',
  public: true,
  input: z.strictObject({ portfolio: slugSchema, ...pageInput }),
  output: pageOf(caseStudyItemSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor }, tenant) {
    const rows = await db
      .select(caseStudyItemFields)
      .from(caseStudies)
      .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
      .where(
        and(
          eq(caseStudies.portfolioId, tenant.id),
          tenant.insider ? undefined : eq(caseStudies.status, 'published'),
          cursor ? lt(caseStudies.id, cursor) : undefined,
        ),
      )
      .orderBy(desc(caseStudies.id))
      .limit(limit + 1);
    return toPage(rows, limit);
  },
});
