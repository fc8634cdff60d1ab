import { type SQL, and, desc, eq, lt, ne, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf, toPage } from '../page.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
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
  async run({ db }, { limit, cursor = newest('caseStudy') }, tenant) {
    const list = tenant.insider ? listAll : listPublished;
    const rows = await list(db).execute({ portfolioId: tenant.id, cursor, limit: limit + 1 });
    return toPage(rows, limit);
  },
});

const listAll = prepared((db) =>
  listBefore(db, ne(caseStudies.status, 'archived')).prepare('case_study_list'),
);
const listPublished = prepared((db) =>
  listBefore(db, eq(caseStudies.status, 'published')).prepare('case_study_list_published'),
);

function listBefore(db: Db, only?: SQL) {
  return db
    .select(caseStudyItemFields)
    .from(caseStudies)
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(
      and(
        eq(caseStudies.portfolioId, sql.placeholder('portfolioId')),
        only,
        lt(caseStudies.id, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(caseStudies.id))
    .limit(sql.placeholder('limit'));
}
