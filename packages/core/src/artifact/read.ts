import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchArtifact } from './internal.ts';
import { artifactRef, artifactSchema } from './schemas.ts';

export const readArtifact = operation({
  name: 'artifact.read',
  kind: 'query',
  summary: 'Read an artifact with its newest versions.',
  scope: 'artifact:read',
  public: true,
  input: z.strictObject(artifactRef),
  output: artifactSchema,
  tenant: tenantBySlug,
  run: (ctx, { slug }, tenant) => fetchArtifact(ctx, tenant, slug),
});
