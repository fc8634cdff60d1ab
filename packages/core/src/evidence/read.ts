import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchEvidence } from './internal.ts';
import { evidenceRef, evidenceSchema } from './schemas.ts';

export const readEvidence = operation({
  name: 'evidence.read',
  kind: 'query',
  summary: 'Read evidence: its source, latest version and standing.',
  scope: 'evidence:read',
  public: true,
  input: z.strictObject(evidenceRef),
  output: evidenceSchema,
  tenant: tenantBySlug,
  run: (ctx, { slug }, tenant) => fetchEvidence(ctx, tenant, slug),
});
