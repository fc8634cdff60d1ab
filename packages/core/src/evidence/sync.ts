import { z } from 'zod';
import { AppError } from '../errors.ts';
import { acceptJob } from '../job/accept.ts';
import { jobSchema } from '../job/schemas.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchEvidence } from './internal.ts';
import { evidenceRef } from './schemas.ts';

export const syncEvidence = operation({
  name: 'evidence.sync',
  kind: 'mutation',
  summary: 'Ask to fetch evidence from its source again: a job that keeps what has changed.',
  scope: 'evidence:write',
  public: false,
  input: z.strictObject(evidenceRef),
  output: jobSchema,
  tenant: tenantBySlug,
  async run(ctx, { slug }, tenant) {
    const { id, title, sourceUrl } = await fetchEvidence(ctx, tenant, slug);
    if (sourceUrl === null) {
      throw new AppError('conflict', `Evidence "${slug}" has no source to fetch: upload its versions.`);
    }
    return acceptJob(ctx, tenant, {
      kind: 'evidence.sync',
      title: `Sync of “${title}”`,
      groupKey: `evidence:${id}`,
      payload: { evidenceId: id },
    });
  },
});
