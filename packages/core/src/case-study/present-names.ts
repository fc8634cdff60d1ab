import { type SQL, sql } from 'drizzle-orm';
import { artifacts } from '../artifact/artifact.sql.ts';
import type { Db } from '../context.ts';
import { evidence } from '../evidence/evidence.sql.ts';
import { type FormerKind, formerSlugs } from '../former-slug.sql.ts';
import { metrics } from '../metric/metric.sql.ts';
import type { CaseStudyContent } from './schemas.ts';

/** The content of a revision with the present names of what it refers to, where that was renamed since. */
export async function withPresentNames(
  db: Db,
  portfolioId: string,
  content: CaseStudyContent,
): Promise<CaseStudyContent> {
  const namesOf = (kind: FormerKind, table: SQL, name: SQL) =>
    presentNames(db, { portfolioId, kind, table, name });
  const ofArtifacts = await namesOf('artifact', sql`${artifacts}`, sql`slug`);
  const ofEvidence = await namesOf('evidence', sql`${evidence}`, sql`slug`);
  const ofMetrics = await namesOf('metric', sql`${metrics}`, sql`key`);
  return {
    ...content,
    artifacts: content.artifacts.map(ofArtifacts),
    claims: content.claims.map((claim) => ({
      ...claim,
      evidence: claim.evidence.map((cited) => ({ ...cited, slug: ofEvidence(cited.slug) })),
      metric: claim.metric && { ...claim.metric, key: ofMetrics(claim.metric.key) },
    })),
  };
}

type Names = { portfolioId: string; kind: FormerKind; table: SQL; name: SQL };

/** Maps former names to present ones, and every other to itself. A name that something has now means that. */
async function presentNames(db: Db, { portfolioId, kind, table, name }: Names) {
  const renamed = await db.execute<{ before: string; now: string }>(sql`
    select former.slug as before, present.${name} as now
    from ${formerSlugs} former join ${table} present on present.id = former.target_id
    where former.kind = ${kind} and former.scope = ${portfolioId} and not exists (
      select 1 from ${table} other where other.portfolio_id = ${portfolioId} and other.${name} = former.slug)`);
  const present = new Map(renamed.map(({ before, now }) => [before, now]));
  return (given: string) => present.get(given) ?? given;
}
