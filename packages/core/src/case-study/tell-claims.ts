import { type SQL, and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import { evidenceStanding } from '../evidence/standing.ts';
import { recordWebhookEvent } from '../webhook/record.ts';
import { caseStudies, claimEvidence, claims } from './case-study.sql.ts';
import { type ClaimStanding, claimStanding, isChanged } from './standing.ts';

/**
 * Tells webhooks of claims whose standing is another one than they know, among those that cite the given evidence. Call
 * it in the transaction that changed the evidence, or in which it turned stale: each change is told once.
 */
export async function tellClaims(tx: Db, evidenceIds: string[]): Promise<void> {
  const citing = sql`exists (select 1 from ${claimEvidence}
    where ${claimEvidence.caseStudyId} = ${claims.caseStudyId} and ${claimEvidence.claimKey} = ${claims.key}
      and ${inArray(claimEvidence.evidenceId, evidenceIds)})`;
  const held = await tx
    .select({ key: claims.key })
    .from(claims)
    .where(citing)
    .orderBy(asc(claims.caseStudyId), asc(claims.key))
    .for('no key update');
  if (held.length === 0) return;
  // A statement of its own, which sees what those who held the claims before have committed.
  for (const { portfolioId, ...data } of await findChanged(tx, citing)) {
    const type = `claim.${data.standing}` as const;
    if (type !== 'claim.unbacked') await recordWebhookEvent(tx, { portfolioId, type, data });
  }
  await remember(tx, citing);
}

/** Takes the standings of a study's claims as known: their author has just written them. */
export const rememberStandings = (tx: Db, caseStudyId: string) =>
  remember(tx, eq(claims.caseStudyId, caseStudyId));

async function remember(tx: Db, which: SQL): Promise<void> {
  await tx
    .update(claims)
    .set({ toldStanding: claimStanding })
    .where(and(which, sql`${claims.toldStanding} is distinct from ${claimStanding}`));
}

/** Why evidence does not back a claim as it stands; null where it does. */
type Reason = 'missing' | 'source-vanished' | 'bytes-lost' | 'bytes-differ' | 'changed' | 'not-checked';
type Cited = { evidence: string; seenVersion: number; latestVersion: number; why: Reason | null };

const before = sql<ClaimStanding>`coalesce(${claims.toldStanding}, 'backed')`;

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
    .where(and(which, sql`${caseStudies.status} <> 'archived' and ${before} <> ${claimStanding}`));
}
