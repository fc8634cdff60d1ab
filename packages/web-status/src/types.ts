import type { Outputs } from '@portfolio/api/client';

export type Job = Outputs['job']['read'];
export type JobState = Job['state'];
export type JobKind = Job['kind'];
export type JobResult = NonNullable<Job['result']>;

type StreamItem = Outputs['job']['events'] extends AsyncIterable<{ data: infer Item }> ? Item : never;
export type JobEvent = Extract<StreamItem, { type: 'event' }>['event'];
