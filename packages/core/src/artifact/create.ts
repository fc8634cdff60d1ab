import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { artifacts } from './artifact.sql.ts';
import { fetchArtifact } from './internal.ts';
import { artifactInput, artifactSchema } from './schemas.ts';

export const createArtifact = operation({
  name: 'artifact.create',
  kind: 'mutation',
  summary: 'Create an artifact (a piece of automation), without versions.',
  scope: 'artifact:write',
  shows: ['artifact:read'],
  public: false,
  input: artifactInput,
  output: artifactSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, ...input }, tenant) {
    const created = await db
      .insert(artifacts)
      .values({ id: newId('artifact'), portfolioId: tenant.id, ...input })
      .onConflictDoNothing()
      .returning({ id: artifacts.id });
    if (created.length === 0) {
      throw new AppError('conflict', `Portfolio "${tenant.slug}" already has an artifact "${input.slug}".`);
    }
    return fetchArtifact({ db }, tenant, input.slug);
  },
});
