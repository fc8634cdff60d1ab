import { type SQL, and, eq, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { movedOr } from '../former-slug.ts';
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
  deletedAt: isoOrNull(evidenceVersions.deletedAt),
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
  if (!row) throw await missingEvidence(db, tenant, slug);
  return row.json;
}

function evidenceNotFound(tenant: Tenant, slug: string): AppError {
  return new AppError('not_found', `There is no evidence "${slug}" in portfolio "${tenant.slug}".`);
}

const presentEvidence = preparedFor('evidence_present', isVisible.evidence, (db, visible) =>
  db
    .select({ slug: evidence.slug })
    .from(evidence)
    .where(
      and(
        eq(evidence.portfolioId, sql.placeholder('portfolioId')),
        eq(evidence.id, sql.placeholder('id')),
        visible,
      ),
    ),
);

/** The error for a slug that nothing has: `moved` where something had it that the caller may see. */
export function missingEvidence(db: Db, tenant: Tenant, slug: string): Promise<AppError> {
  const portfolioId = tenant.id;
  return movedOr(
    db,
    { kind: 'evidence', portfolioId, slug, what: 'evidence', field: 'slug' },
    (id) => presentEvidence(db, tenant).execute({ portfolioId, id }),
    evidenceNotFound(tenant, slug),
  );
}
