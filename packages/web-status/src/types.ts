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

type StreamItem = Outputs['job']['events'] extends AsyncIterable<{ data: infer Item }> ? Item : never;
export type JobEvent = Extract<StreamItem, { type: 'event' }>['event'];
