import { type SQL, and, asc, eq, inArray, lte, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import { onEvidenceChange } from '../evidence/change-listeners.ts';
import { evidenceStanding } from '../evidence/standing.ts';
import { recordWebhookEvent } from '../webhook/record.ts';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { claimEvidence, claims } from './claim.sql.ts';
import { claimStanding, isChanged } from './standing.ts';
import { type ClaimStanding } from './schemas.ts';

/**
 * Notifies webhooks of claims that cite the given evidence and whose standing differs from the last notified one. Call
 * it once in the transaction that changed the evidence or marked it stale.
 */
async function notifyStandingChanges(tx: Db, evidenceIds: string[], cause?: string): Promise<void> {
  const citing = sql`exists (select 1 from ${claimEvidence}
    where ${claimEvidence.caseStudyId} = ${claims.caseStudyId} and ${claimEvidence.claimKey} = ${claims.key}
      and ${inArray(claimEvidence.evidenceId, evidenceIds)})`;
  const locked = await tx
    .select({ key: claims.key })
    .from(claims)
    .where(citing)
    .orderBy(asc(claims.caseStudyId), asc(claims.key))
    .for('no key update');
  if (locked.length === 0) return;
  // In a new statement, so that it sees the commits of transactions that held the locks before.
  for (const { portfolioId, ...data } of await findChanged(tx, citing)) {
    const type = `claim.${data.standing}` as const;
    if (type !== 'claim.unbacked') await recordWebhookEvent(tx, { portfolioId, type, data }, cause);
  }
  await markNotified(tx, citing);
}

/** Marks the standings of a study's claims as notified, because the author has just written them. */
export const acknowledgeStandings = (tx: Db, caseStudyId: string) =>
  markNotified(tx, eq(claims.caseStudyId, caseStudyId));

async function markNotified(tx: Db, which: SQL): Promise<void> {
  await tx
    .update(claims)
    .set({ notifiedStanding: claimStanding })
    .where(and(which, sql`${claims.notifiedStanding} is distinct from ${claimStanding}`));
}

/** Why evidence does not back a claim; null if it does. */
type Reason = 'missing' | 'source-vanished' | 'bytes-lost' | 'bytes-differ' | 'changed' | 'not-checked';
type Cited = { evidence: string; seenVersion: number; latestVersion: number; why: Reason | null };

const before = sql<ClaimStanding>`coalesce(${claims.notifiedStanding}, 'backed')`;

const why = sql`case when ${evidenceStanding} = 'missing' then 'missing' when ${evidence.problem} is not null then ${evidence.problem}
  when ${isChanged} then 'changed' when ${evidenceStanding} = 'stale' then 'not-checked' end`;

const cited = sql<Cited[]>`(
  select json_agg(json_build_object('evidence', ${evidence.slug}, 'seenVersion', ${claimEvidence.evidenceVersion},
    'latestVersion', ${evidence.latest}, 'why', ${why}) order by ${claimEvidence.position})
  from ${claimEvidence} join ${evidence} on ${evidence.id} = ${claimEvidence.evidenceId}
  where ${claimEvidence.caseStudyId} = ${claims.caseStudyId} and ${claimEvidence.claimKey} = ${claims.key})`;

function findChanged(tx: Db, which: SQL) {
  return tx
    .select({
      portfolioId: caseStudies.portfolioId,
      caseStudy: caseStudies.slug,
      claim: claims.key,
      statement: claims.statement,
      standing: claimStanding,
      before,
      cites: cited,
    })
    .from(claims)
    .innerJoin(caseStudies, eq(caseStudies.id, claims.caseStudyId))
    .where(
      and(
        which,
        sql`${caseStudies.status} <> 'archived' and ${caseStudies.binnedAt} is null and ${before} <> ${claimStanding}`,
      ),
    );
}

const batchSize = 200;

/**
 * Notifies webhooks of claims that turned stale with time, for up to 200 pieces of evidence. Any number of processes
 * may call it concurrently. Resolves to the number of pieces of evidence that had turned stale.
 */
export function notifyStaleClaims(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    const stale = await tx
      .select({ id: evidence.id })
      .from(evidence)
      .where(lte(evidence.staleAt, sql`now()`))
      .orderBy(evidence.staleAt)
      .limit(batchSize)
      .for('no key update', { skipLocked: true });
    if (stale.length === 0) return 0;
    const ids = stale.map(({ id }) => id);
    await tx.update(evidence).set({ staleAt: null }).where(inArray(evidence.id, ids));
    await notifyStandingChanges(tx, ids);
    return ids.length;
  });
}

onEvidenceChange(notifyStandingChanges);
