import { eq } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { claimEvidence, claims } from './claim.sql.ts';
import { acknowledgeStandings } from './notify.ts';
import type { Claim } from './schemas.ts';

/** The ids of the resources that claims refer to: evidence by slug, metrics by key. */
type Ids = Record<'evidence' | 'metrics', ReadonlyMap<string, { id: string }>>;

/** Replaces the claims of a case study and their links to evidence and metrics. Call it in a transaction. */
export async function rewriteClaims(
  tx: Db,
  caseStudyId: string,
  written: Claim[],
  { evidence, metrics }: Ids,
) {
  // This deletes their links to evidence as well.
  await tx.delete(claims).where(eq(claims.caseStudyId, caseStudyId));
  if (written.length === 0) return;
  const rows = written.map(({ key, statement, metric }, position) => ({
    caseStudyId,
    key,
    position,
    statement,
    ...(metric && {
      metricId: metrics.get(metric.key)!.id,
      metricFrom: metric.from,
      metricTo: metric.to,
      changedAt: metric.changedAt,
    }),
  }));
  await tx.insert(claims).values(rows);
  const cited = written.flatMap((claim) =>
    claim.evidence.map(({ slug, version }, position) => ({
      caseStudyId,
      claimKey: claim.key,
      evidenceId: evidence.get(slug)!.id,
      evidenceVersion: version,
      position,
    })),
  );
  if (cited.length > 0) await tx.insert(claimEvidence).values(cited);
  await acknowledgeStandings(tx, caseStudyId);
}
