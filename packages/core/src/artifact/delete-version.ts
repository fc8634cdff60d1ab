import { and, eq, isNotNull, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { removeAtOnce } from '../stored-object.ts';
import { tenantBySlug } from '../tenancy.ts';
import { contentKey } from '../upload/keys.ts';
import { nextVersion } from '../version.sql.ts';
import { artifactVersions, artifacts } from './artifact.sql.ts';
import { fetchArtifact } from './internal.ts';
import { lockArtifact } from './lock.ts';
import { artifactRef, versionNameSchema } from './schemas.ts';

export const deleteArtifactVersion = operation({
  name: 'artifact.deleteVersion',
  kind: 'mutation',
  summary:
    'Delete the file of an earlier version of an artifact; its name, hash and time stay. Fails for the newest version.',
  scope: 'artifact:write',
  public: false,
  input: z.strictObject({ ...artifactRef, name: versionNameSchema.describe('The name of the version.') }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { slug, name }, tenant) {
    const { id } = await lockArtifact({ db }, tenant, slug);
    const { latestVersions } = await fetchArtifact({ db }, tenant, slug);
    if (latestVersions[0]?.name === name) {
      throw new AppError(
        'conflict',
        `Version "${name}" is the newest of artifact "${slug}". Delete the artifact, or add a version first.`,
      );
    }
    const [deleted] = await db
      .update(artifactVersions)
      .set({ deletedAt: sql`now()` })
      .where(
        and(
          eq(artifactVersions.artifactId, id),
          eq(artifactVersions.name, name),
          isNotNull(artifactVersions.sha256),
          isNull(artifactVersions.deletedAt),
        ),
      )
      .returning({ sha256: artifactVersions.sha256 });
    if (!deleted) throw new AppError('not_found', `Artifact "${slug}" has no version "${name}" with a file.`);
    await removeAtOnce(db, contentKey('artifacts', tenant.id, deleted.sha256!));
    await db
      .update(artifacts)
      .set({ version: nextVersion, updatedAt: sql`now()` })
      .where(eq(artifacts.id, id));
    return null;
  },
});
