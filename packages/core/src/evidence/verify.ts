import { and, eq, sql } from 'drizzle-orm';
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Bucket } from '../context.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { contentKey } from '../upload/keys.ts';
import { nextVersion } from '../version.sql.ts';
import { announceEvidenceChange } from './change-listeners.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import { fetchEvidence } from './internal.ts';
import { lockEvidence } from './lock.ts';
import { type EvidenceProblem, evidenceRef, evidenceSchema } from './schemas.ts';

export const verifyEvidence = operation({
  name: 'evidence.verify',
  kind: 'mutation',
  summary:
    'Verify the hash of the stored bytes of the latest version. A mismatch breaks the claims that cite it.',
  scope: 'evidence:write',
  shows: ['evidence:read'],
  public: false,
  input: z.strictObject(evidenceRef),
  output: evidenceSchema,
  tenant: tenantBySlug,
  async prepare({ db, bucket, signal }, { slug }, tenant) {
    const { latest } = await fetchEvidence({ db }, tenant, slug);
    if (!latest) throw new AppError('conflict', `Evidence "${slug}" has no version to verify.`);
    const key = contentKey('evidence', tenant.id, latest.sha256);
    return { number: latest.number, problem: await findProblem(bucket, key, latest.sha256, signal) };
  },
  async run({ db, origin }, { slug }, tenant, { number, problem }) {
    const found = await lockEvidence({ db }, tenant, slug);
    // There is a newer version, to which the result does not apply.
    if (found.latest !== number) return fetchEvidence({ db }, tenant, slug);
    const bytesProblem = found.problem !== 'source-vanished';
    await db
      .update(evidence)
      .set({
        ...((problem !== null || bytesProblem) && { problem }),
        version: nextVersion,
        updatedAt: sql`now()`,
      })
      .where(eq(evidence.id, found.id));
    if (problem === null) {
      await db
        .update(evidenceVersions)
        .set({ verifiedAt: sql`now()` })
        .where(and(eq(evidenceVersions.evidenceId, found.id), eq(evidenceVersions.number, number)));
    }
    await announceEvidenceChange(db, [found.id], origin?.traceparent);
    return fetchEvidence({ db }, tenant, slug);
  },
});

async function findProblem(
  bucket: Bucket,
  key: string,
  sha256: string,
  signal: AbortSignal,
): Promise<EvidenceProblem | null> {
  const bytes = await bucket.stream(key, signal);
  if (!bytes) return 'bytes-lost';
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk as Buffer);
  return hash.digest('hex') === sha256 ? null : 'bytes-differ';
}
