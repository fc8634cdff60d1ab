import { and, sql } from 'drizzle-orm';
import { z } from 'zod';
import { firstIdAt, newest } from '../ids.ts';
import { text } from '../text.ts';
import { jobs } from './job.sql.ts';
import { type JobKind, jobKindSchema } from './kinds.ts';
import { type JobState, jobStateSchema } from './schemas.ts';
import { timeSchema } from '../time.ts';

/** Input fields that choose jobs, but for their state: operations differ in the states that make sense. */
export const jobFilterInput = {
  kind: jobKindSchema.optional().describe('Jobs of this kind only.'),
  requestedBy: text(255).optional().describe('Jobs that this subject asked for only.'),
  createdAfter: timeSchema.optional().describe('Jobs created at this time or later only.'),
  createdBefore: timeSchema.optional().describe('Jobs created before this time only.'),
};

/** The input field of the states; each may be chosen once. */
export function statesInput<State extends JobState>(states: readonly State[]) {
  return z
    .array(z.enum(states))
    .min(1)
    .max(states.length)
    .optional()
    .describe('Jobs in one of these states only.');
}

export type JobFilter = {
  kind?: JobKind | undefined;
  state?: readonly JobState[] | undefined;
  requestedBy?: string | undefined;
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
};

/** Ids tell when they were made, by the clock of the process that made them: how far that may be wrong. */
const clockSkewMilliseconds = 3_600_000;

/** The values of `matching`. Kinds and states are always named, since an index leads with them. */
export function filterValues({ kind, state, requestedBy, createdAfter, createdBefore }: JobFilter) {
  return {
    kinds: kind ? [kind] : jobKindSchema.options,
    states: state ?? jobStateSchema.options,
    requestedBy: requestedBy ?? null,
    createdAfter: createdAfter ?? null,
    createdBefore: createdBefore ?? null,
    // Not to decide by, but for the index to begin and end near the times.
    firstId: createdAfter ? firstIdAt('job', Date.parse(createdAfter) - clockSkewMilliseconds) : '',
    lastId: createdBefore
      ? firstIdAt('job', Date.parse(createdBefore) + clockSkewMilliseconds)
      : newest('job'),
  };
}

/** What a filter asks of the times of a job. */
export const createdBetween = and(
  sql`${jobs.id} >= ${sql.placeholder('firstId')} and ${jobs.id} < ${sql.placeholder('lastId')}`,
  sql`${jobs.createdAt} >= coalesce(${sql.placeholder('createdAfter')}::timestamptz, '-infinity')`,
  sql`${jobs.createdAt} < coalesce(${sql.placeholder('createdBefore')}::timestamptz, 'infinity')`,
)!;

/** What a filter asks of the kind and the state of a job. */
export const hasKindAndState = and(
  sql`${jobs.kind} = any(${sql.placeholder('kinds')})`,
  sql`${jobs.state} = any(${sql.placeholder('states')})`,
)!;

/** What a filter asks of a job. */
export const matching = and(
  hasKindAndState,
  sql`coalesce(${jobs.requestedBy} = ${sql.placeholder('requestedBy')}, true)`,
  createdBetween,
)!;
