import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { signDownload } from '../upload/download.ts';
import { contentKey } from '../upload/keys.ts';
import { fetchArtifact, fetchArtifactVersion } from './internal.ts';
import { artifactRef, artifactVersionSchema, versionNameSchema } from './schemas.ts';

export const readArtifactContent = operation({
  name: 'artifact.content',
  kind: 'query',
  summary:
    'Get a version of an artifact: a link to its file, valid for five minutes, or its URL in the repository. Over REST, only the former is a redirect.',
  scope: 'artifact:read',
  public: true,
  input: z.strictObject({
    ...artifactRef,
    version: versionNameSchema.optional().describe('The name of the version; by default the newest.'),
  }),
  output: artifactVersionSchema
    .extend({ url: z.url(), expiresAt: z.iso.datetime().nullable() })
    .meta({ id: 'ArtifactContent' }),
  tenant: tenantBySlug,
  async run({ db, bucket }, { slug, version }, tenant) {
    const { id, latestVersions } = await fetchArtifact({ db }, tenant, slug);
    const found = version === undefined ? latestVersions[0] : await fetchArtifactVersion({ db }, id, version);
    if (!found) {
      const which = version === undefined ? 'no version yet' : `no version "${version}"`;
      throw new AppError('not_found', `Artifact "${slug}" has ${which}.`);
    }
    // References of release 0.1.0 may be written so that not all parsers find the same host.
    if (!found.file) return { ...found, url: new URL(found.referenceUrl!).href, expiresAt: null };
    if (found.deletedAt !== null)
      throw new AppError(
        'not_found',
        `The file of version "${found.name}" of artifact "${slug}" was deleted at ${found.deletedAt}.`,
      );
    const key = contentKey('artifacts', tenant.id, found.file.sha256);
    return { ...found, ...(await signDownload(bucket, key, found.file.fileName)) };
  },
});
