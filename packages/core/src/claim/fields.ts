import { sql } from 'drizzle-orm';
import { caseStudies } from '../case-study/case-study.sql.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import { metrics } from '../metric/metric.sql.ts';
import { iso, isoOrNull, jsonArray, jsonObject } from '../sql.ts';
import { claimEvidence, claims } from './claim.sql.ts';

const citedEvidence = jsonArray(
  jsonObject({ slug: evidence.slug, version: claimEvidence.evidenceVersion }),
  claimEvidence.position,
  sql`${claimEvidence} join ${evidence} on ${evidence.id} = ${claimEvidence.evidenceId}
    where ${claimEvidence.caseStudyId} = ${claims.caseStudyId} and ${claimEvidence.claimKey} = ${claims.key}`,
);

const metricRange = sql`case when ${metrics.id} is not null then ${jsonObject({
  key: metrics.key,
  from: iso(claims.metricFrom),
  to: iso(claims.metricTo),
  changedAt: isoOrNull(claims.changedAt),
})} end`;

/** The claims of a row of `case_studies` as JSON, in their order. */
export const claimsOfStudy = jsonArray(
  jsonObject({ key: claims.key, statement: claims.statement, metric: metricRange, evidence: citedEvidence }),
  claims.position,
  sql`${claims} left join ${metrics} on ${metrics.id} = ${claims.metricId}
    where ${claims.caseStudyId} = ${caseStudies.id}`,
);
