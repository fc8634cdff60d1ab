import { and, eq, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, jsonObject } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import type { Evidence, EvidenceVersion } from './schemas.ts';
import { evidenceStanding } from './standing.ts';

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

const bySlug = preparedFor('evidence_by_slug', isVisible.evidence, (db, visible) =>
  db
    .select({ json: jsonObject<Evidence>(evidenceFields) })
    .from(evidence)
    .innerJoin(portfolios, eq(portfolios.id, evidence.portfolioId))
    .where(
      and(
        eq(evidence.portfolioId, sql.placeholder('portfolioId')),
        eq(evidence.slug, sql.placeholder('slug')),
        visible,
      ),
    ),
);

/** The evidence of the tenant. Throws `not_found` if it does not exist or the actor may not see it. */
export async function fetchEvidence(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
): Promise<Evidence> {
  const [row] = await bySlug(db, tenant).execute({ portfolioId: tenant.id, slug });
  if (!row) throw evidenceNotFound(tenant, slug);
  return row.json;
}

export function evidenceNotFound(tenant: Tenant, slug: string): AppError {
  return new AppError('not_found', `There is no evidence "${slug}" in portfolio "${tenant.slug}".`);
}
