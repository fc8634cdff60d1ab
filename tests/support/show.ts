import { caseStudyArtifacts, claimEvidence, claims } from '@portfolio/core/case-study/case-study.sql';
import type { Ctx } from '@portfolio/core/context';
import { operations } from '@portfolio/core';

type Study = { portfolio: string; slug: string };

/** Lets a claim of a study cite a version of evidence. */
export async function citeEvidence(ctx: Ctx, study: Study, evidenceId: string, evidenceVersion: number) {
  const { id: caseStudyId } = await operations.caseStudy.read.run(ctx, study);
  const claimKey = `cites-${evidenceId}`;
  await ctx.db.insert(claims).values({ caseStudyId, key: claimKey, position: 0, statement: 'It is so.' });
  await ctx.db
    .insert(claimEvidence)
    .values({ caseStudyId, claimKey, evidenceId, evidenceVersion, position: 0 });
}

/** Lets a study present an artifact. */
export async function presentArtifact(ctx: Ctx, study: Study, artifactId: string) {
  const { id: caseStudyId } = await operations.caseStudy.read.run(ctx, study);
  await ctx.db.insert(caseStudyArtifacts).values({ caseStudyId, artifactId, position: 0 });
}
