import { sql } from 'drizzle-orm';
import { evidence } from './evidence.sql.ts';
import type { EvidenceStanding } from './schemas.ts';

/** Whether a row of `evidence` can be relied on now. */
export const evidenceStanding = sql<EvidenceStanding>`case
  when ${evidence.latest} = 0 then 'missing'
  when ${evidence.problem} is not null then 'broken'
  when ${evidence.checkedAt} + make_interval(secs => ${evidence.freshForSeconds}) < now() then 'stale'
  else 'fresh' end`;
