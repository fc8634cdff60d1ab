import { AppError } from '../errors.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { evidence } from './evidence.sql.ts';
import { fetchEvidence } from './internal.ts';
import { evidenceInput, evidenceSchema } from './schemas.ts';

export const createEvidence = operation({
  name: 'evidence.create',
  kind: 'mutation',
  summary: 'Create evidence without bytes. They are uploaded later, or fetched from its source.',
  scope: 'evidence:write',
  shows: ['evidence:read'],
  public: false,
  input: evidenceInput,
  output: evidenceSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, ...input }, tenant) {
    const created = await db
      .insert(evidence)
      .values({ id: newId('evidence'), portfolioId: tenant.id, ...input })
      .onConflictDoNothing()
      .returning({ id: evidence.id });
    if (created.length === 0) {
      throw new AppError('conflict', `Portfolio "${tenant.slug}" already has evidence "${input.slug}".`);
    }
    return fetchEvidence({ db }, tenant, input.slug);
  },
});
