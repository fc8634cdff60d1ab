import { and, asc, eq, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { claimEvidence } from '../claim/claim.sql.ts';
import type { Db } from '../context.ts';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { removeAtOnce } from '../stored-object.ts';
import { tenantBySlug } from '../tenancy.ts';
import { contentKey } from '../upload/keys.ts';
import { inUse, usingStudy, usingStudyLimit } from '../using-studies.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import { lockEvidence } from './lock.ts';
import { evidenceRef } from './schemas.ts';

export const deleteEvidenceVersion = operation({
  name: 'evidence.deleteVersion',
  kind: 'mutation',
  summary:
    'Delete the bytes of an earlier version of evidence; its hash and times stay. Fails for the latest version, and while a claim cites it.',
  scope: 'evidence:write',
  public: false,
  input: z.strictObject({
    ...evidenceRef,
    number: z.int().min(1).max(2_147_483_647).describe('The number of the version.'),
  }),
  output: z.null(),
  tenant: tenantBySlug,
  async run({ db }, { slug, number }, tenant) {
    const { id, latest } = await lockEvidence({ db }, tenant, slug);
    if (number === latest) {
      throw new AppError(
        'conflict',
        `Version ${number} is the latest of evidence "${slug}". Delete the evidence, or add a version first.`,
      );
    }
    // From here, no claim can start to cite it.
    await db.select({ id: evidence.id }).from(evidence).where(eq(evidence.id, id)).for('update');
    await requireUncited(db, { id, slug, number });
    const [deleted] = await db
      .update(evidenceVersions)
      .set({ deletedAt: sql`now()` })
      .where(
        and(
          eq(evidenceVersions.evidenceId, id),
          eq(evidenceVersions.number, number),
          isNull(evidenceVersions.deletedAt),
        ),
      )
      .returning({ sha256: evidenceVersions.sha256 });
    if (!deleted) throw new AppError('not_found', `Evidence "${slug}" has no version ${number} with bytes.`);
    await removeAtOnce(db, contentKey('evidence', tenant.id, deleted.sha256));
    return null;
  },
});

async function requireUncited(db: Db, { id, slug, number }: { id: string; slug: string; number: number }) {
  const citing = await db
    .selectDistinct(usingStudy)
    .from(claimEvidence)
    .innerJoin(caseStudies, eq(caseStudies.id, claimEvidence.caseStudyId))
    .where(and(eq(claimEvidence.evidenceId, id), eq(claimEvidence.evidenceVersion, number)))
    .orderBy(asc(usingStudy.slug))
    .limit(usingStudyLimit);
  if (citing.length > 0)
    throw inUse(
      `Version ${number} of evidence "${slug}" is cited by claims of`,
      citing,
      'Remove the citations first.',
    );
}
