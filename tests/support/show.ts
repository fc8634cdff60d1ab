import {
  caseStudies,
  caseStudyArtifacts,
  claimEvidence,
  claims,
} from '@portfolio/core/case-study/case-study.sql';
import type { Db } from '@portfolio/core/context';
import { eq } from 'drizzle-orm';

async function idOfStudy(db: Db, slug: string): Promise<string> {
  const [study] = await db.select({ id: caseStudies.id }).from(caseStudies).where(eq(caseStudies.slug, slug));
  return study!.id;
}

/** Lets a claim of the study with this slug cite a version of evidence. */
export async function citeEvidence({ db }: { db: Db }, study: string, evidenceId: string, version: number) {
  const caseStudyId = await idOfStudy(db, study);
  const claimKey = `cites-${evidenceId}`;
  await db.insert(claims).values({ caseStudyId, key: claimKey, position: 0, statement: 'It is so.' });
  await db
    .insert(claimEvidence)
    .values({ caseStudyId, claimKey, evidenceId, evidenceVersion: version, position: 0 });
}

/** Lets the study with this slug present an artifact. */
export async function presentArtifact({ db }: { db: Db }, study: string, artifactId: string) {
  await db
    .insert(caseStudyArtifacts)
    .values({ caseStudyId: await idOfStudy(db, study), artifactId, position: 0 });
}
