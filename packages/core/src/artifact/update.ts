import { eq, sql } from 'drizzle-orm';
import { rename } from '../former-slug.ts';
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
  async run({ db }, { portfolio: _, slug: from, newSlug: slug = from, expectedVersion, ...changes }, tenant) {
    const { id } = await lockArtifact({ db }, tenant, from, expectedVersion);
    const isRenamed = slug !== from;
    // An update without fields changes nothing, not even the version.
    if (Object.keys(changes).length === 0 && !isRenamed) return fetchArtifact({ db }, tenant, slug);
    const change = db
      .update(artifacts)
      .set({ ...changes, slug, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(artifacts.id, id));
    const renamed = { kind: 'artifact', portfolioId: tenant.id, targetId: id, from, to: slug } as const;
    await (isRenamed ? rename(db, renamed, change) : change);
    return fetchArtifact({ db }, tenant, slug);
  },
});
