import { sql } from 'drizzle-orm';
import { caseStudies, claimEvidence } from '../case-study/case-study.sql.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import type { EvidenceStanding } from './schemas.ts';

/** Whether a row of `evidence` can be relied on now. */
export const evidenceStanding = sql<EvidenceStanding>`case
  when ${evidence.latest} = 0 then 'missing'
  when ${evidence.problem} is not null then 'broken'
  when ${evidence.checkedAt} + make_interval(secs => ${evidence.freshForSeconds}) < now() then 'stale'
  else 'fresh' end`;

/** True for a row of `evidence` that a claim of a published study cites: strangers may see it. */
export const isEvidenceShown = sql<boolean>`exists (
  select 1 from ${claimEvidence} join ${caseStudies} on ${caseStudies.id} = ${claimEvidence.caseStudyId}
  where ${claimEvidence.evidenceId} = ${evidence.id} and ${caseStudies.status} = 'published')`;

/** True for a row of `evidence_versions` that strangers may see: a cited one, or the latest of what is shown. */
export const isEvidenceVersionShown = sql<boolean>`exists (
  select 1 from ${claimEvidence} join ${caseStudies} on ${caseStudies.id} = ${claimEvidence.caseStudyId}
  where ${claimEvidence.evidenceId} = ${evidenceVersions.evidenceId} and ${caseStudies.status} = 'published'
    and ${evidenceVersions.number} in (${evidence.latest}, ${claimEvidence.evidenceVersion}))`;
