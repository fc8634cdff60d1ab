import { eq, sql } from 'drizzle-orm';
import { rename } from '../former-slug.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { announceEvidenceChange } from './change-listeners.ts';
import { evidence } from './evidence.sql.ts';
import { movedSource, rescheduled } from './freshness.ts';
import { fetchEvidence } from './internal.ts';
import { lockEvidence } from './lock.ts';
import { evidencePatch, evidenceSchema } from './schemas.ts';

export const updateEvidence = operation({
  name: 'evidence.update',
  kind: 'mutation',
  summary: 'Update the given fields of evidence. Its versions do not change.',
  scope: 'evidence:write',
  shows: ['evidence:read'],
  public: false,
  input: evidencePatch,
  output: evidenceSchema,
  tenant: tenantBySlug,
  async run(
    { db, origin },
    { portfolio: _, slug: from, newSlug: slug = from, expectedVersion, ...changes },
    tenant,
  ) {
    const { id, problem, sourceUrl } = await lockEvidence({ db }, tenant, from, expectedVersion);
    const isRenamed = slug !== from;
    // An update without fields changes nothing, not even the version.
    if (Object.keys(changes).length === 0 && !isRenamed) return fetchEvidence({ db }, tenant, slug);
    const isMoved = changes.sourceUrl !== undefined && changes.sourceUrl !== sourceUrl;
    const isFixed = isMoved && problem === 'source-vanished';
    const fixed = isFixed && { problem: null };
    const change = db
      .update(evidence)
      .set({ ...changes, ...fixed, slug, version: nextVersion, updatedAt: sql`now()` })
      .where(eq(evidence.id, id));
    const renamed = { kind: 'evidence', portfolioId: tenant.id, targetId: id, from, to: slug } as const;
    await (isRenamed ? rename(db, renamed, change) : change);
    // In a second statement, which computes the schedule from the new values.
    if (changes.freshForSeconds !== undefined || isMoved) {
      const schedule = isMoved ? { ...rescheduled, ...movedSource } : rescheduled;
      await db.update(evidence).set(schedule).where(eq(evidence.id, id));
    }
    await announceEvidenceChange(db, [id], origin?.traceparent);
    return fetchEvidence({ db }, tenant, slug);
  },
});
