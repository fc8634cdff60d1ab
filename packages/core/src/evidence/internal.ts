import { type SQL, and, eq, sql } from 'drizzle-orm';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, jsonObject, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import type { Evidence, EvidenceVersion } from './schemas.ts';
import { evidenceStanding, isEvidenceShown } from './standing.ts';

/** The public fields of a version of evidence. */
export const evidenceVersionFields = {
  number: evidenceVersions.number,
  sha256: evidenceVersions.sha256,
  sizeBytes: evidenceVersions.sizeBytes,
  contentType: evidenceVersions.contentType,
  fileName: evidenceVersions.fileName,
  fetchedFrom: evidenceVersions.fetchedFrom,
  fetchedAt: iso(evidenceVersions.fetchedAt),
  verifiedAt: isoOrNull(evidenceVersions.verifiedAt),
};

/** The public fields of evidence. */
export const evidenceFields = {
  id: evidence.id,
  portfolio: portfolios.slug,
  slug: evidence.slug,
  title: evidence.title,
  description: evidence.description,
  sourceUrl: evidence.sourceUrl,
  freshForSeconds: evidence.freshForSeconds,
  standing: evidenceStanding,
  problem: evidence.problem,
  checkedAt: isoOrNull(evidence.checkedAt),
  latest: sql<EvidenceVersion | null>`(
    select ${jsonObject(evidenceVersionFields)} from ${evidenceVersions}
    where ${evidenceVersions.evidenceId} = ${evidence.id} and ${evidenceVersions.number} = ${evidence.latest})`,
  version: evidence.version,
  createdAt: iso(evidence.createdAt),
  updatedAt: iso(evidence.updatedAt),
};

const bySlug = prepared((db) => selectOne(db).prepare('evidence_by_slug'));
const shownBySlug = prepared((db) => selectOne(db, isEvidenceShown).prepare('evidence_shown_by_slug'));

function selectOne(db: Db, only?: SQL) {
  return db
    .select({ json: jsonObject<Evidence>(evidenceFields) })
    .from(evidence)
    .innerJoin(portfolios, eq(portfolios.id, evidence.portfolioId))
    .where(
      and(
        eq(evidence.portfolioId, sql.placeholder('portfolioId')),
        eq(evidence.slug, sql.placeholder('slug')),
        only,
      ),
    );
}

/** The evidence of the tenant, or `not_found`; to a stranger only what a published study cites exists. */
export async function fetchEvidence(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
): Promise<Evidence> {
  const find = tenant.insider ? bySlug : shownBySlug;
  const [row] = await find(db).execute({ portfolioId: tenant.id, slug });
  if (!row) throw noEvidence(tenant, slug);
  return row.json;
}

export function noEvidence(tenant: Tenant, slug: string): AppError {
  return new AppError('not_found', `There is no evidence "${slug}" in portfolio "${tenant.slug}".`);
}
