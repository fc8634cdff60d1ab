import { and, eq, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, jsonObject, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { caseStudies } from './case-study.sql.ts';
import type { CaseStudy } from './schemas.ts';

/** The fields of a case study in lists. */
export const caseStudyItemFields = {
  id: caseStudies.id,
  portfolio: portfolios.slug,
  slug: caseStudies.slug,
  title: caseStudies.title,
  summary: caseStudies.summary,
  client: caseStudies.client,
  period: caseStudies.period,
  tags: caseStudies.tags,
  language: caseStudies.language,
  status: caseStudies.status,
  version: caseStudies.version,
  createdAt: iso(caseStudies.createdAt),
  updatedAt: iso(caseStudies.updatedAt),
  publishedAt: isoOrNull(caseStudies.publishedAt),
};

const oneOf = { ...caseStudyItemFields, body: caseStudies.body };

const bySlug = prepared((db) =>
  db
    .select({ json: jsonObject<CaseStudy>(oneOf) })
    .from(caseStudies)
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(
      and(
        eq(caseStudies.portfolioId, sql.placeholder('portfolioId')),
        eq(caseStudies.slug, sql.placeholder('slug')),
      ),
    )
    .prepare('case_study_by_slug'),
);

/** The case study of the tenant, or `not_found`; to a stranger a draft does not exist. */
export async function fetchCaseStudy(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
): Promise<CaseStudy> {
  const [row] = await bySlug(db).execute({ portfolioId: tenant.id, slug });
  if (!row || (!tenant.insider && row.json.status !== 'published')) throw noCaseStudy(tenant, slug);
  return row.json;
}

export function noCaseStudy(tenant: Tenant, slug: string): AppError {
  return new AppError('not_found', `There is no case study "${slug}" in portfolio "${tenant.slug}".`);
}
