import { type SQL, sql } from 'drizzle-orm';
import { artifacts } from './artifact/artifact.sql.ts';
import { caseStudies, caseStudyArtifacts, caseStudyImages } from './case-study/case-study.sql.ts';
import { claimEvidence, claims } from './claim/claim.sql.ts';
import type { Db } from './context.ts';
import { evidence, evidenceVersions } from './evidence/evidence.sql.ts';
import { images } from './image/image.sql.ts';
import { metrics } from './metric/metric.sql.ts';
import { portfolios } from './portfolio/portfolio.sql.ts';
import { prepared } from './sql.ts';

/** The caller of an operation, as a member or a non-member of its tenant. */
export type Viewer = { isMember: boolean };

/** Whoever is no member of a portfolio. */
export const outsideReader: Viewer = { isMember: false };

/** True for a published row of `case_studies`. Anonymous readers see no others. */
export const isPublished: SQL<boolean> = sql<boolean>`${caseStudies.status} = 'published'`;

/**
 * The rows of each table that anonymous readers see: published case studies and the resources that these refer to.
 * Signed-in users see the same in portfolios of which they are not members.
 */
export const isVisible = {
  portfolio: sql<boolean>`(${portfolios.binnedAt} is null and exists (
    select 1 from ${caseStudies} where ${caseStudies.portfolioId} = ${portfolios.id} and ${isPublished}))`,
  artifact: sql<boolean>`exists (
    select 1 from ${caseStudyArtifacts} join ${caseStudies} on ${caseStudies.id} = ${caseStudyArtifacts.caseStudyId}
    where ${caseStudyArtifacts.artifactId} = ${artifacts.id} and ${isPublished})`,
  evidence: sql<boolean>`exists (
    select 1 from ${claimEvidence} join ${caseStudies} on ${caseStudies.id} = ${claimEvidence.caseStudyId}
    where ${claimEvidence.evidenceId} = ${evidence.id} and ${isPublished})`,
  /** Cited versions, and the latest version of cited evidence. */
  evidenceVersion: sql<boolean>`exists (
    select 1 from ${claimEvidence} join ${caseStudies} on ${caseStudies.id} = ${claimEvidence.caseStudyId}
    where ${claimEvidence.evidenceId} = ${evidenceVersions.evidenceId} and ${isPublished}
      and ${evidenceVersions.number} in (${evidence.latest}, ${claimEvidence.evidenceVersion}))`,
  image: sql<boolean>`exists (
    select 1 from ${caseStudyImages} join ${caseStudies} on ${caseStudies.id} = ${caseStudyImages.caseStudyId}
    where ${caseStudyImages.sha256} = ${images.sha256}
      and ${caseStudies.portfolioId} = ${images.portfolioId} and ${isPublished})`,
  metric: sql<boolean>`exists (
    select 1 from ${claims} join ${caseStudies} on ${caseStudies.id} = ${claims.caseStudyId}
    where ${claims.metricId} = ${metrics.id} and ${isPublished})`,
};

/**
 * A statement that is prepared for two audiences: members of the tenant get all rows, all others only rows that meet
 * the condition. `viewer` is for fields that others see in part.
 */
export function preparedFor<Statement>(
  name: string,
  condition: SQL,
  build: (db: Db, visible: SQL | undefined, viewer: Viewer) => { prepare(name: string): Statement },
): (db: Db, viewer: Viewer) => Statement {
  const forMembers = prepared((db) => build(db, undefined, { isMember: true }).prepare(name));
  const forOthers = prepared((db) => build(db, condition, outsideReader).prepare(`${name}_visible`));
  return (db, { isMember }) => (isMember ? forMembers : forOthers)(db);
}

/** Whether the caller may see a case study with this status. */
export const maySee = ({ isMember }: Viewer, { status }: { status: string }): boolean =>
  isMember || status === 'published';
