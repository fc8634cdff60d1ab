import { eq, sql } from 'drizzle-orm';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { announceEvidenceChange } from './change-listeners.ts';
import { evidence } from './evidence.sql.ts';
import { movedSource, replanned } from './freshness.ts';
import { fetchEvidence } from './internal.ts';
import { lockEvidence } from './lock.ts';
import { evidencePatch, evidenceSchema } from './schemas.ts';

export const updateEvidence = operation({
  name: 'evidence.update',
  kind: 'mutation',
  summary: 'Change the given fields of evidence; its versions stay as they are.',
  scope: 'evidence:write',
  public: false,
  input: evidencePatch,
  output: evidenceSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio: _, slug, expectedVersion, ...changes }, tenant) {
    const { id, problem, sourceUrl } = await lockEvidence({ db }, tenant, slug, expectedVersion);
    // Nothing asked, nothing changed: not even the version.
    if (Object.keys(changes).length === 0) return fetchEvidence({ db }, tenant, slug);
    const isMoved = changes.sourceUrl !== undefined && changes.sourceUrl !== sourceUrl;
    const isMended = isMoved && problem === 'source-vanished';
    await db
      .update(evidence)
      .set({ ...changes, ...(isMended && { problem: null }), version: nextVersion, updatedAt: sql`now()` })
      .where(eq(evidence.id, id));
    // By what the row says now.
    if (changes.freshForSeconds !== undefined || isMoved) {
      const plan = isMoved ? { ...replanned, ...movedSource } : replanned;
      await db.update(evidence).set(plan).where(eq(evidence.id, id));
    }
    await announceEvidenceChange(db, [id]);
    return fetchEvidence({ db }, tenant, slug);
  },
});
