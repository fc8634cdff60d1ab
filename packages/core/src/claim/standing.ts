import { type SQL, sql } from 'drizzle-orm';
import type { z } from 'zod';
import { evidence, evidenceVersions } from '../evidence/evidence.sql.ts';
import { evidenceStanding } from '../evidence/standing.ts';
import { metricSamples } from '../metric/metric.sql.ts';
import { isWithin } from '../metric/range.ts';
import { claimEvidence, claims } from './claim.sql.ts';
import type { ClaimStanding, standingsSchema } from './schemas.ts';

const cites = (such?: SQL) => sql`exists (
  select 1 from ${claimEvidence} join ${evidence} on ${evidence.id} = ${claimEvidence.evidenceId}
  where ${claimEvidence.caseStudyId} = ${claims.caseStudyId} and ${claimEvidence.claimKey} = ${claims.key}
    ${such ? sql`and ${such}` : sql``})`;

/** True for a cited row of `evidence` whose latest bytes differ from those that the claim's author had seen. */
export const isChanged = sql<boolean>`(${evidence.latest} > 0 and not exists (
  select 1 from ${evidenceVersions} seen
  join ${evidenceVersions} latest on latest.evidence_id = seen.evidence_id and latest.sha256 = seen.sha256
  where seen.evidence_id = ${evidence.id} and seen.number = ${claimEvidence.evidenceVersion}
    and latest.number = ${evidence.latest}))`;

const hasSamples = (from: SQL, to: SQL) => sql`exists (
  select 1 from ${metricSamples} where ${isWithin(sql`${claims.metricId}`, from, to)})`;

const isMeasured = sql`(${hasSamples(sql`coalesce(${claims.changedAt}, ${claims.metricFrom})`, sql`${claims.metricTo}`)}
  and (${claims.changedAt} is null or ${hasSamples(sql`${claims.metricFrom}`, sql`${claims.changedAt}`)}))`;

/** The standing of a row of `claims`. */
export const claimStanding = sql<ClaimStanding>`case
  when ${claims.metricId} is null and not ${cites()} then 'unbacked'
  when ${cites(sql`${evidenceStanding} in ('missing', 'broken')`)} then 'broken'
  when ${claims.metricId} is not null and not ${isMeasured} then 'broken'
  when ${cites(sql`(${evidenceStanding} = 'stale' or ${isChanged})`)} then 'stale'
  else 'backed' end`;

/** Counts the claims of each standing. */
export function countStandings(given: readonly ClaimStanding[]): z.infer<typeof standingsSchema> {
  const counts = { backed: 0, stale: 0, broken: 0, unbacked: 0 };
  for (const standing of given) counts[standing] += 1;
  return counts;
}
