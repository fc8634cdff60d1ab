import { expect, test } from 'vitest';
import { z } from 'zod';
import type { AnyScope } from './actor.ts';
import { allOperations } from './index.ts';
import type { AnyOperation } from './operation.ts';
import { scopesOf } from './tenancy.ts';

/** The scope that protects what each named schema shows; null where it shows no more than the caller gave, or counts. */
const protectedBy: Record<string, AnyScope | null> = {
  ApiKey: 'api-key:read',
  NewApiKey: 'api-key:read',
  Artifact: 'artifact:read',
  ArtifactContent: 'artifact:read',
  ArtifactVersion: 'artifact:read',
  AuditEntry: 'audit:read',
  AuditHead: 'audit:read',
  BinnedCaseStudy: 'case-study:read',
  BinnedPortfolio: 'portfolio:read',
  CaseStudy: 'case-study:read',
  CaseStudyContent: 'case-study:read',
  CaseStudyDiff: 'case-study:read',
  CaseStudyItem: 'case-study:read',
  CaseStudyPdf: 'case-study:read',
  CaseStudyRevision: 'case-study:read',
  CaseStudyRevisionItem: 'case-study:read',
  CitedEvidence: 'evidence:read',
  Claim: 'case-study:read',
  DeletedSamples: null,
  EndedSessions: null,
  DisplayName: null,
  EndedTokens: null,
  Evidence: 'evidence:read',
  EvidenceContent: 'evidence:read',
  EvidenceVersion: 'evidence:read',
  Image: null,
  ImageItem: 'case-study:read',
  ImageLink: 'case-study:read',
  Invitation: 'portfolio:read',
  InvitationOffer: 'portfolio:read',
  Job: 'job:read',
  JobEvent: 'job:read',
  JobResult: 'job:read',
  JobStreamItem: 'job:read',
  JobLimit: 'operator:read',
  JobPause: 'operator:read',
  JobWait: 'job:read',
  JobsChanged: null,
  JobsRedriven: 'operator:read',
  // What is one's own, and the names of one's portfolios.
  Me: null,
  Measured: 'metric:read',
  Member: 'portfolio:read',
  Metric: 'metric:read',
  MetricComparison: 'metric:read',
  MetricSeries: 'metric:read',
  MetricSummary: 'metric:read',
  OperatorHealth: 'operator:read',
  OperatorJob: 'operator:read',
  OperatorSecurityEvent: 'operator:read',
  NewInvitation: 'portfolio:read',
  PersonalData: 'audit:read',
  Portfolio: 'portfolio:read',
  PortfolioSummary: 'portfolio:read',
  ProvenClaim: 'case-study:read',
  Provenance: 'case-study:read',
  RecordedSamples: null,
  SecurityEvent: 'audit:read',
  Session: 'api-key:read',
  Standings: 'case-study:read',
  Upload: null,
  UploadStatus: null,
  Webhook: 'webhook:read',
  WebhookDelivery: 'webhook:read',
  WebhookDeliveryWithPayload: 'webhook:read',
  WebhookWithSecret: 'webhook:read',
};

/** Show everybody the same: what is published. */
const published = new Set(['portfolio.summary']);

/** The names of the schemas that the output of an operation consists of. */
function shownBy({ output }: AnyOperation): string[] {
  const { $defs = {}, id } = z.toJSONSchema(output);
  return [...(id === undefined ? [] : [id]), ...Object.keys($defs)];
}

const named = allOperations.map((operation) => [operation.name, operation] as const);

test.each(named)('%s needs the read scope of everything that it shows', (name, operation) => {
  const shown = shownBy(operation);
  expect(Object.keys(protectedBy)).toEqual(expect.arrayContaining(shown));
  const needed = new Set(shown.flatMap((schema) => protectedBy[schema] ?? []));
  const lacking = [...needed].filter((scope) => !scopesOf(operation).includes(scope));
  expect(published.has(name) ? [] : lacking).toEqual([]);
});

test('the walk sees a schema at any depth of an output, and knows no schema that is gone', () => {
  const all = new Set(allOperations.flatMap(shownBy));
  expect([...all].toSorted()).toEqual(Object.keys(protectedBy).toSorted());
  const provenance = allOperations.find(({ name }) => name === 'caseStudy.provenance')!;
  expect(shownBy(provenance)).toEqual(expect.arrayContaining(['CitedEvidence', 'Measured', 'MetricSummary']));
});
