import { and, sql } from 'drizzle-orm';
import { z } from 'zod';
import { firstIdAt, newest } from '../ids.ts';
import { slugSchema, text } from '../text.ts';
import { jobs } from './job.sql.ts';
import { type JobKind, jobKindSchema } from './kinds.ts';
import { type JobState, jobStateSchema } from './schemas.ts';
import { timeSchema } from '../time.ts';

const ofKind = { kind: jobKindSchema.optional().describe('Only jobs of this kind.') };
const ofTime = {
  createdAfter: timeSchema.optional().describe('Only jobs created at this time or later.'),
  createdBefore: timeSchema.optional().describe('Only jobs created before this time.'),
};

/** Input fields that filter jobs, except by state: which states make sense depends on the operation. */
export const jobFilterInput = {
  ...ofKind,
  requestedBy: text(255).optional().describe('Only jobs that this person or key requested, by its id.'),
  ...ofTime,
};

/** Those of operators, who do not learn who requested a job. */
export const operatorFilterInput = {
  portfolio: slugSchema.optional().describe('Only jobs of this portfolio.'),
  ...ofKind,
  errorCode: text(100).optional().describe('Only jobs whose last failed attempt has this code.'),
  ...ofTime,
};

/** The input field for the states; each may be given once. */
export function statesInput<State extends JobState>(states: readonly State[]) {
  return z
    .array(z.enum(states))
    .min(1)
    .max(states.length)
    .optional()
    .describe('Only jobs in one of these states.');
}

export type JobFilter = {
  kinds?: readonly JobKind[] | undefined;
  state?: readonly JobState[] | undefined;
  requestedBy?: string | undefined;
  createdAfter?: string | undefined;
  createdBefore?: string | undefined;
};

/** An id holds the time of its creation by the clock of a process, which may be wrong by this much. */
const clockSkewMilliseconds = 3_600_000;

/** The parameters of `matching`. Kinds and states are always given, since an index begins with them. */
export function filterValues({ kinds, state, requestedBy, createdAfter, createdBefore }: JobFilter) {
  return {
    kinds: kinds ?? jobKindSchema.options,
    states: state ?? jobStateSchema.options,
    requestedBy: requestedBy ?? null,
    createdAfter: createdAfter ?? null,
    createdBefore: createdBefore ?? null,
    // They only narrow the range of the index scan; the times decide.
    firstId: createdAfter ? firstIdAt('job', Date.parse(createdAfter) - clockSkewMilliseconds) : '',
    lastId: createdBefore
      ? firstIdAt('job', Date.parse(createdBefore) + clockSkewMilliseconds)
      : newest('job'),
  };
}

/** The condition of a filter on the time of a job. */
export const createdBetween = and(
  sql`${jobs.id} >= ${sql.placeholder('firstId')} and ${jobs.id} < ${sql.placeholder('lastId')}`,
  sql`${jobs.createdAt} >= coalesce(${sql.placeholder('createdAfter')}::timestamptz, '-infinity')`,
  sql`${jobs.createdAt} < coalesce(${sql.placeholder('createdBefore')}::timestamptz, 'infinity')`,
)!;

/** The condition of a filter on the kind and the state of a job. */
export const hasKindAndState = and(
  sql`${jobs.kind} = any(${sql.placeholder('kinds')})`,
  sql`${jobs.state} = any(${sql.placeholder('states')})`,
)!;

/** The condition of an operator's filter on the error of a job. */
export const hasErrorCode = sql`coalesce(${jobs.error} ->> 'code' = ${sql.placeholder('errorCode')},
  ${sql.placeholder('errorCode')}::text is null)`;

/** The whole condition of a filter. */
export const matching = and(
  hasKindAndState,
  sql`coalesce(${jobs.requestedBy} = ${sql.placeholder('requestedBy')}, true)`,
  createdBetween,
)!;
