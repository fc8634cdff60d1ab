import { sql } from 'drizzle-orm';
import { evidence } from './evidence.sql.ts';
import type { EvidenceStanding } from './schemas.ts';

/** The current standing of a row of `evidence`. */
export const evidenceStanding = sql<EvidenceStanding>`case
  when ${evidence.latest} = 0 then 'missing'
  when ${evidence.problem} is not null then 'broken'
  when ${evidence.checkedAt} + make_interval(secs => ${evidence.freshForSeconds}) < now() then 'stale'
  else 'fresh' end`;
