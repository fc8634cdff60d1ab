import { and, eq, sql } from 'drizzle-orm';
import type { Ctx, Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { movedOr } from '../former-slug.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { iso, isoOrNull, jsonObject, prepared } from '../sql.ts';
import type { Tenant } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { artifactVersions, artifacts } from './artifact.sql.ts';
import type { Artifact, ArtifactVersion } from './schemas.ts';

/** The public fields of a version of an artifact. */
export const artifactVersionFields = {
  name: artifactVersions.name,
  notes: artifactVersions.notes,
  referenceUrl: artifactVersions.referenceUrl,
  file: sql<ArtifactVersion['file']>`case when ${artifactVersions.sha256} is not null then ${jsonObject({
    fileName: artifactVersions.fileName,
    contentType: artifactVersions.contentType,
    sizeBytes: artifactVersions.sizeBytes,
    sha256: artifactVersions.sha256,
  })} end`,
  deletedAt: isoOrNull(artifactVersions.deletedAt),
  createdAt: iso(artifactVersions.createdAt),
};

/** The public fields of an artifact. */
export const artifactFields = {
  id: artifacts.id,
  portfolio: portfolios.slug,
  slug: artifacts.slug,
  kind: artifacts.kind,
  title: artifacts.title,
  description: artifacts.description,
  licence: artifacts.licence,
  repositoryUrl: artifacts.repositoryUrl,
  latestVersions: sql<ArtifactVersion[]>`coalesce((
    select json_agg(newest.json) from (
      select ${jsonObject(artifactVersionFields)} as json from ${artifactVersions}
      where ${artifactVersions.artifactId} = ${artifacts.id}
      order by ${artifactVersions.createdAt} desc, ${artifactVersions.name} desc limit 5) newest), '[]')`,
  version: artifacts.version,
  createdAt: iso(artifacts.createdAt),
  updatedAt: iso(artifacts.updatedAt),
};

const bySlug = preparedFor('artifact_by_slug', isVisible.artifact, (db, visible) =>
  db
    .select({ json: jsonObject<Artifact>(artifactFields) })
    .from(artifacts)
    .innerJoin(portfolios, eq(portfolios.id, artifacts.portfolioId))
    .where(
      and(
        eq(artifacts.portfolioId, sql.placeholder('portfolioId')),
        eq(artifacts.slug, sql.placeholder('slug')),
        visible,
      ),
    ),
);

/** The artifact of the tenant. Throws `not_found` if it does not exist or the actor may not see it. */
export async function fetchArtifact(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
): Promise<Artifact> {
  const [row] = await bySlug(db, tenant).execute({ portfolioId: tenant.id, slug });
  if (!row) throw await missingArtifact(db, tenant, slug);
  return row.json;
}

function artifactNotFound(tenant: Tenant, slug: string): AppError {
  return new AppError('not_found', `There is no artifact "${slug}" in portfolio "${tenant.slug}".`);
}

const presentArtifact = preparedFor('artifact_present', isVisible.artifact, (db, visible) =>
  db
    .select({ slug: artifacts.slug })
    .from(artifacts)
    .where(
      and(
        eq(artifacts.portfolioId, sql.placeholder('portfolioId')),
        eq(artifacts.id, sql.placeholder('id')),
        visible,
      ),
    ),
);

/** The error for a slug that nothing has: `moved` where something had it that the caller may see. */
export function missingArtifact(db: Db, tenant: Tenant, slug: string): Promise<AppError> {
  const portfolioId = tenant.id;
  return movedOr(
    db,
    { kind: 'artifact', portfolioId, slug, what: 'artifact', field: 'slug' },
    (id) => presentArtifact(db, tenant).execute({ portfolioId, id }),
    artifactNotFound(tenant, slug),
  );
}

const versionByName = prepared((db) =>
  db
    .select({ json: jsonObject<ArtifactVersion>(artifactVersionFields) })
    .from(artifactVersions)
    .where(
      and(
        eq(artifactVersions.artifactId, sql.placeholder('id')),
        eq(artifactVersions.name, sql.placeholder('name')),
      ),
    )
    .prepare('artifact_version'),
);

/** The version `name` of the artifact with this id, or null. Does not check whether the actor may see it. */
export async function fetchArtifactVersion(
  { db }: Pick<Ctx, 'db'>,
  id: string,
  name: string,
): Promise<ArtifactVersion | null> {
  const [row] = await versionByName(db).execute({ id, name });
  return row?.json ?? null;
}
