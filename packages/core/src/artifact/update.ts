import { eq, sql } from 'drizzle-orm';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { artifacts } from './artifact.sql.ts';
import { fetchArtifact } from './internal.ts';
import { lockArtifact } from './lock.ts';
import { artifactPatch, artifactSchema } from './schemas.ts';

export const updateArtifact = operation({
  name: 'artifact.update',
  kind: 'mutation',
  summary: 'Update the given fields of an artifact. Its versions do not change.',
  scope: 'artifact:write',
  shows: ['artifact:read'],
  public: false,
  input: artifactPatch,
  output: artifactSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, slug, expectedVersion, ...changes }, tenant) {
    const { id } = await lockArtifact({ db }, tenant, slug, expectedVersion);
    // An update without fields changes nothing, not even the version.
    if (Object.keys(changes).length === 0) return fetchArtifact({ db }, tenant, slug);
    await db
      .update(artifacts)
      .set({ ...changes, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(artifacts.id, id));
    return fetchArtifact({ db }, tenant, slug);
  },
});
