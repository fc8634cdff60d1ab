import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { requireStored } from '../stored-object.ts';
import { tenantBySlug } from '../tenancy.ts';
import { text } from '../text.ts';
import { contentKey } from '../upload/keys.ts';
import { uploadId } from '../upload/schemas.ts';
import { storeUpload, useUpload } from '../upload/take.ts';
import { httpsUrl } from '../url.ts';
import { nextVersion } from '../version.sql.ts';
import { artifactVersions, artifacts } from './artifact.sql.ts';
import { fetchArtifact, fetchArtifactVersion } from './internal.ts';
import { lockArtifact } from './lock.ts';
import { artifactRef, artifactVersionSchema, versionNameSchema } from './schemas.ts';

export const addArtifactVersion = operation({
  name: 'artifact.addVersion',
  kind: 'mutation',
  summary: 'Add a version to an artifact: an uploaded file, or a link into its repository.',
  scope: 'artifact:write',
  shows: ['artifact:read'],
  public: false,
  input: z
    .strictObject({
      ...artifactRef,
      name: versionNameSchema,
      notes: text(20_000).default('').describe('Markdown.'),
      uploadId: uploadId.optional(),
      referenceUrl: httpsUrl.optional().describe('URL of a release, tag or file in the repository.'),
    })
    .refine((given) => (given.uploadId === undefined) !== (given.referenceUrl === undefined), {
      path: ['uploadId'],
      message: 'Expected either `uploadId` or `referenceUrl`.',
    }),
  output: artifactVersionSchema,
  tenant: tenantBySlug,
  async prepare(ctx, { slug, uploadId: id }, tenant) {
    await fetchArtifact(ctx, tenant, slug);
    return id === undefined ? null : storeUpload(ctx, tenant, id, 'artifacts');
  },
  async run(ctx, { slug, name, notes, uploadId: upload, referenceUrl = null }, tenant, file) {
    const { id } = await lockArtifact(ctx, tenant, slug);
    if (upload !== undefined) await useUpload(ctx, tenant, upload);
    if (file) await requireStored(ctx.db, contentKey('artifacts', tenant.id, file.sha256));
    const added = await ctx.db
      .insert(artifactVersions)
      .values({ artifactId: id, name, notes, referenceUrl, ...file })
      .onConflictDoNothing()
      .returning({ name: artifactVersions.name });
    if (added.length === 0) {
      throw new AppError('conflict', `Artifact "${slug}" already has a version "${name}".`);
    }
    await ctx.db
      .update(artifacts)
      .set({ version: nextVersion, updatedAt: sql`now()` })
      .where(eq(artifacts.id, id));
    return (await fetchArtifactVersion(ctx, id, name))!;
  },
});
