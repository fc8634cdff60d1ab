import { sql } from 'drizzle-orm';
import { caseStudies } from '../case-study/case-study.sql.ts';
import type { Db } from '../context.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import type { EvidenceStanding } from '../evidence/schemas.ts';
import { evidenceStanding } from '../evidence/standing.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { provenance } from '../telemetry/contract.ts';
import { isPublished } from '../visibility.ts';
import { claims } from './claim.sql.ts';
import type { ClaimStanding } from './schemas.ts';
import { claimStanding } from './standing.ts';

/** Between two counts. Each reads all evidence and all published claims. */
export const provenanceSeconds = 300;

/** A count that takes longer is given up: it must not occupy the reader. */
const statementTimeout = sql.raw(`set local statement_timeout = '30s'`);

type Counts = {
  evidence: Record<EvidenceStanding, number>;
  claims: Record<ClaimStanding, number>;
  overdueSeconds: number;
};

let latest: { counts: Counts; until: number } | undefined;

/** Another worker may have made the next count: what this one counted is reported a little longer than until then. */
const current = () => (latest && performance.now() < latest.until ? latest.counts : undefined);

const byStanding = <Standing extends string>(counts: Record<Standing, number> | undefined) =>
  Object.entries<number>(counts ?? {}).map(([standing, value]) => ({
    value,
    labels: { standing: standing as Standing },
  }));

provenance.evidence.observe(() => byStanding(current()?.evidence));
provenance.claims.observe(() => byStanding(current()?.claims));
provenance.overdue.observe(() => {
  const found = current();
  return found ? [{ value: found.overdueSeconds, labels: {} }] : [];
});

/** Counts the standings of evidence and claims of all portfolios that are not in the bin, for the metrics of this process. */
export async function countProvenance(reader: Db): Promise<number> {
  const counts = await reader.transaction(async (tx) => {
    await tx.execute(statementTimeout);
    const { overdueSeconds, ...ofEvidence } = await countEvidence(tx);
    return { evidence: ofEvidence, claims: await countClaims(tx), overdueSeconds };
  });
  latest = { counts, until: performance.now() + 1.1 * provenanceSeconds * 1000 };
  return 0;
}

const isKept = sql`${evidence.portfolioId} <> all(array(select id from ${portfolios} where binned_at is not null))`;

async function countEvidence(tx: Db) {
  const overdue = sql<number>`coalesce(greatest(max(extract(epoch from now() - ${evidence.nextSyncAt})), 0), 0)::float8`;
  const rows = await tx
    .select({ standing: evidenceStanding, count: sql<number>`count(*)::int`, overdue })
    .from(evidence)
    .where(isKept)
    .groupBy(sql`1`);
  const counts = { fresh: 0, stale: 0, broken: 0, missing: 0, overdueSeconds: 0 };
  for (const row of rows) {
    counts[row.standing] = row.count;
    counts.overdueSeconds = Math.max(counts.overdueSeconds, row.overdue);
  }
  return counts;
}

async function countClaims(tx: Db) {
  const rows = await tx
    .select({ standing: claimStanding, count: sql<number>`count(*)::int` })
    .from(claims)
    .innerJoin(caseStudies, sql`${caseStudies.id} = ${claims.caseStudyId}`)
    .innerJoin(
      portfolios,
      sql`${portfolios.id} = ${caseStudies.portfolioId} and ${portfolios.binnedAt} is null`,
    )
    .where(isPublished)
    .groupBy(sql`1`);
  const counts = { backed: 0, stale: 0, broken: 0, unbacked: 0 };
  for (const { standing, count } of rows) counts[standing] = count;
  return counts;
}
