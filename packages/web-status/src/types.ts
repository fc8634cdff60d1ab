import type { Outputs } from '@portfolio/api/client';

export type Job = Outputs['job']['read'];
export type JobState = Job['state'];
export type JobKind = Job['kind'];
type JobResult = NonNullable<Job['result']>;
export type JobFile = Extract<JobResult, { fileName: string }>;
export type SyncedEvidence = Extract<JobResult, { changed: boolean }>;

export type DisabledWebhook = Pick<
  Outputs['webhook']['disabled']['items'][number],
  'portfolio' | 'url' | 'description' | 'disabledReason'
>;

export type Me = Outputs['me']['read'];
export type Portfolio = Outputs['portfolio']['read'];
export type BinnedPortfolio = Outputs['portfolio']['bin']['items'][number];
export type BinnedCaseStudy = Outputs['caseStudy']['bin']['items'][number];
export type Member = Outputs['member']['list']['items'][number];
export type Role = Member['role'];
export type Session = Outputs['session']['list']['items'][number];
export type Invitation = Outputs['invitation']['list']['items'][number];
export type ApiKey = Outputs['apiKey']['list']['items'][number];
export type Scope = ApiKey['scopes'][number];

type StreamItem = Outputs['job']['events'] extends AsyncIterable<{ data: infer Item }> ? Item : never;
export type JobEvent = Extract<StreamItem, { type: 'event' }>['event'];
