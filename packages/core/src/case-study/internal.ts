import { and, eq, isNull, sql } from 'drizzle-orm';
import { artifacts } from '../artifact/artifact.sql.ts';
import { claims } from '../claim/claim.sql.ts';
import { claimsOfStudy } from '../claim/fields.ts';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { movedOr } from '../former-slug.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, jsonArray, jsonObject, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { maySee } from '../visibility.ts';
import { caseStudies, caseStudyArtifacts, caseStudyRevisions } from './case-study.sql.ts';

import type { Revision } from './revision-schemas.ts';
import { type CaseStudy, type CaseStudyStatus, knownFields, readContent } from './schemas.ts';

const fields = {
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
  revision: caseStudies.revision,
  version: caseStudies.version,
  createdAt: iso(caseStudies.createdAt),
  updatedAt: iso(caseStudies.updatedAt),
  publishedAt: isoOrNull(caseStudies.publishedAt),
};

/** The fields of a case study in the bin. */
export const binnedStudyFields = {
  id: caseStudies.id,
  portfolio: portfolios.slug,
  slug: sql<string>`${caseStudies.binnedSlug}`,
  title: caseStudies.title,
  status: sql<CaseStudyStatus>`${caseStudies.binnedStatus}`,
  binnedAt: iso(caseStudies.binnedAt),
  purgeAt: iso(caseStudies.purgeAt),
};

/** The fields of a case study in lists. */
export const caseStudyItemFields = {
  ...fields,
  claimCount: sql<number>`(select count(*) from ${claims} where ${claims.caseStudyId} = ${caseStudies.id})::int`,
};

const artifactsOfStudy = jsonArray(
  artifacts.slug,
  caseStudyArtifacts.position,
  sql`${caseStudyArtifacts} join ${artifacts} on ${artifacts.id} = ${caseStudyArtifacts.artifactId}
    where ${caseStudyArtifacts.caseStudyId} = ${caseStudies.id}`,
);

const wholeStudy = {
  ...fields,
  body: caseStudies.body,
  claims: claimsOfStudy,
  artifacts: artifactsOfStudy,
};

const bySlug = prepared((db) =>
  db
    .select({ json: jsonObject<CaseStudy>(wholeStudy) })
    .from(caseStudies)
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(
      and(
        eq(caseStudies.portfolioId, sql.placeholder('portfolioId')),
        eq(caseStudies.slug, sql.placeholder('slug')),
        isNull(caseStudies.binnedAt),
      ),
    )
    .prepare('case_study_by_slug'),
);

/** The case study of the tenant. Throws `not_found` if it does not exist or the actor may not see it. */
export async function fetchCaseStudy(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
): Promise<CaseStudy> {
  const [row] = await bySlug(db).execute({ portfolioId: tenant.id, slug });
  if (!row) throw await missingCaseStudy(db, tenant, slug);
  if (!maySee(tenant, row.json)) throw caseStudyNotFound(tenant, slug);
  return row.json;
}

const idBySlug = prepared((db) =>
  db
    .select({ id: caseStudies.id })
    .from(caseStudies)
    .where(
      and(
        eq(caseStudies.portfolioId, sql.placeholder('portfolioId')),
        eq(caseStudies.slug, sql.placeholder('slug')),
        isNull(caseStudies.binnedAt),
      ),
    )
    .prepare('case_study_id'),
);

/** The id of the tenant's case study. Throws `not_found`. For members only. */
export async function fetchCaseStudyId({ db }: Pick<Ctx, 'db'>, tenant: Tenant, slug: string) {
  const [row] = await idBySlug(db).execute({ portfolioId: tenant.id, slug });
  if (!row) throw await missingCaseStudy(db, tenant, slug);
  return row.id;
}

/** The fields of a revision in lists. */
export const revisionItemFields = {
  number: caseStudyRevisions.number,
  author: caseStudyRevisions.author,
  createdAt: iso(caseStudyRevisions.createdAt),
  restoredFrom: caseStudyRevisions.restoredFrom,
  changed: caseStudyRevisions.changed,
};

const revisionByNumber = prepared((db) =>
  db
    .select({ json: jsonObject<Revision>({ ...revisionItemFields, content: caseStudyRevisions.content }) })
    .from(caseStudyRevisions)
    .where(
      and(
        eq(caseStudyRevisions.caseStudyId, sql.placeholder('caseStudyId')),
        eq(caseStudyRevisions.number, sql.placeholder('number')),
      ),
    )
    .prepare('case_study_revision'),
);

/** A revision of the tenant's case study with its content. Throws `not_found`. For members only. */
export async function fetchRevision(
  ctx: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
  number: number,
): Promise<Revision> {
  const caseStudyId = await fetchCaseStudyId(ctx, tenant, slug);
  const [row] = await revisionByNumber(ctx.db).execute({ caseStudyId, number });
  if (!row) throw new AppError('not_found', `The case study "${slug}" has no revision ${number}.`);
  const { content, changed, ...revision } = row.json;
  return { ...revision, changed: knownFields(changed), content: readContent(content) };
}

function caseStudyNotFound(tenant: Tenant, slug: string): AppError {
  return new AppError('not_found', `There is no case study "${slug}" in portfolio "${tenant.slug}".`);
}

const presentSlug = prepared((db) =>
  db
    .select({ slug: caseStudies.slug, status: caseStudies.status })
    .from(caseStudies)
    .where(
      and(
        eq(caseStudies.portfolioId, sql.placeholder('portfolioId')),
        eq(caseStudies.id, sql.placeholder('id')),
        isNull(caseStudies.binnedAt),
      ),
    )
    .prepare('case_study_present_slug'),
);

/** The error for a slug that no study of the tenant has: `moved` where one had it that the caller may see. */
export function missingCaseStudy(db: Db, tenant: Tenant, slug: string): Promise<AppError> {
  const portfolioId = tenant.id;
  return movedOr(
    db,
    { kind: 'case-study', portfolioId, slug, what: 'case study', field: 'slug' },
    async (id) =>
      (await presentSlug(db).execute({ portfolioId, id })).filter((study) => maySee(tenant, study)),
    caseStudyNotFound(tenant, slug),
  );
}
