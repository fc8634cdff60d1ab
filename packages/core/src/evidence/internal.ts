import { type SQL, and, eq, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, jsonObject } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { type Viewer, isVisible, preparedFor } from '../visibility.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import type { Evidence, EvidenceOrigin, EvidenceVersion } from './schemas.ts';
import { sourceAddress } from './source-address.ts';
import { evidenceStanding } from './standing.ts';

/** The public fields of a version of evidence, as `viewer` may see them. */
export const evidenceVersionFields = ({ isMember }: Viewer) => ({
  number: evidenceVersions.number,
  sha256: evidenceVersions.sha256,
  sizeBytes: evidenceVersions.sizeBytes,
  contentType: evidenceVersions.contentType,
  fileName: evidenceVersions.fileName,
  origin: originOf(evidenceVersions.fetchedFrom),
  fetchedFrom: isMember ? evidenceVersions.fetchedFrom : sql<string | null>`null`,
  fetchedAt: iso(evidenceVersions.fetchedAt),
  verifiedAt: isoOrNull(evidenceVersions.verifiedAt),
});

/** How the bytes of a version came, by the address that they were fetched from. */
export const originOf = (fetchedFrom: AnyPgColumn | SQL) =>
  sql<EvidenceOrigin>`case when ${fetchedFrom} is null then 'upload' else 'source' end`;

/** The public fields of evidence, as `viewer` may see them. */
export const evidenceFields = (viewer: Viewer) => ({
  id: evidence.id,
  portfolio: portfolios.slug,
  slug: evidence.slug,
  title: evidence.title,
  description: evidence.description,
  sourceUrl: sourceAddress(viewer),
  freshForSeconds: evidence.freshForSeconds,
  standing: evidenceStanding,
  problem: evidence.problem,
  checkedAt: isoOrNull(evidence.checkedAt),
  latest: sql<EvidenceVersion | null>`(
    select ${jsonObject(evidenceVersionFields(viewer))} from ${evidenceVersions}
    where ${evidenceVersions.evidenceId} = ${evidence.id} and ${evidenceVersions.number} = ${evidence.latest})`,
  version: evidence.version,
  createdAt: iso(evidence.createdAt),
  updatedAt: iso(evidence.updatedAt),
});

const bySlug = preparedFor('evidence_by_slug', isVisible.evidence, (db, visible, viewer) =>
  db
    .select({ json: jsonObject<Evidence>(evidenceFields(viewer)) })
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
