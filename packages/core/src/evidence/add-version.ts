import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { uploadId } from '../upload/schemas.ts';
import { storeUpload, useUpload } from '../upload/take.ts';
import { announceEvidenceChange } from './change-listeners.ts';
import { fetchEvidence } from './internal.ts';
import { storeVersion } from './store-version.ts';
import { lockEvidence } from './lock.ts';
import { evidenceRef, evidenceSchema } from './schemas.ts';

export const addEvidenceVersion = operation({
  name: 'evidence.addVersion',
  kind: 'mutation',
  summary: 'Add an uploaded file as the newest version. Identical bytes count as a check instead.',
  scope: 'evidence:write',
  shows: ['evidence:read'],
  public: false,
  input: z.strictObject({ ...evidenceRef, uploadId }),
  output: evidenceSchema,
  tenant: tenantBySlug,
  async prepare(ctx, { slug, uploadId: id }, tenant) {
    requireUploads(await fetchEvidence(ctx, tenant, slug));
    return storeUpload(ctx, tenant, id, 'evidence');
  },
  async run(ctx, { slug, uploadId: id }, tenant, file) {
    const found = requireUploads(await lockEvidence(ctx, tenant, slug));
    await useUpload(ctx, tenant, id);
    await storeVersion(ctx.db, found, { ...file, fetchedFrom: null });
    await announceEvidenceChange(ctx.db, [found.id], ctx.origin?.traceparent);
    return fetchEvidence(ctx, tenant, slug);
  },
});

function requireUploads<Found extends { slug: string; sourceUrl: string | null }>(found: Found): Found {
  if (found.sourceUrl === null) return found;
  throw new AppError(
    'conflict',
    `Evidence "${found.slug}" is fetched from its source and does not accept uploads. Sync it instead.`,
  );
}
