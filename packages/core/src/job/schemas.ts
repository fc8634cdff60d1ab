import { z } from 'zod';
import { idOf } from '../ids.ts';
import { slugSchema } from '../text.ts';
import { jobKindSchema, jobResultSchema } from './kinds.ts';
import { jobPrioritySchema } from './priority.ts';

export const jobStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead']);
export type JobState = z.infer<typeof jobStateSchema>;

/** Input field of operations that ask for a job. */
export const priorityInput = {
  priority: jobPrioritySchema
    .optional()
    .describe(
      'Which of the portfolio’s jobs goes first, “normal” if not given; it changes nothing for others.',
    ),
};

/** What can be cancelled: a job that has not ended. */
export const cancellableStates = ['queued', 'running'] as const satisfies JobState[];
/** What can be retried by hand: a job that ended without a result. */
export const retryableStates = ['failed', 'cancelled', 'dead'] as const satisfies JobState[];

/** True when nothing more happens to a job in this state by itself. */
export const isFinal = (state: JobState) => state !== 'queued' && state !== 'running';

/** Why an attempt did not succeed, in words for the one who asked. */
export const jobErrorSchema = z.object({ code: z.string(), message: z.string() });
export type JobError = z.infer<typeof jobErrorSchema>;

/**
 * A job. `progress` runs from 0 to 1 in each attempt; `retryAt` is set while a failed attempt waits for the
 * next one; `error` is the reason of the last attempt that did not succeed. Attempts are numbered through: a retry
 * by hand raises `maxAttempts`, and so does each attempt that only an outage or a stop of its worker cut off. A running job with `cancelRequestedAt` ends as cancelled, whatever its worker does.
 */
export const jobSchema = z
  .object({
    id: idOf('job'),
    portfolio: slugSchema,
    kind: jobKindSchema,
    title: z.string(),
    state: jobStateSchema,
    priority: jobPrioritySchema,
    attempt: z.int(),
    maxAttempts: z.int(),
    progress: z.number().min(0).max(1),
    step: z.string().nullable(),
    result: jobResultSchema.nullable(),
    error: jobErrorSchema.nullable(),
    requestedBy: z.string(),
    lastSeq: z.int().describe('Number of the last event.'),
    stalled: z
      .boolean()
      .describe('True while its worker is not heard of, or no worker has taken it for five minutes.'),
    retryAt: z.iso.datetime().nullable(),
    cancelRequestedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Job' });

export type Job = z.infer<typeof jobSchema>;

const jobEventTypeSchema = z.enum([
  'queued',
  'started',
  'progress',
  'retrying',
  'postponed',
  'lost',
  'succeeded',
  'failed',
  'cancelling',
  'cancelled',
  'dead',
  'requeued',
]);
export type JobEventType = z.infer<typeof jobEventTypeSchema>;

/** Something that happened to a job; `seq` counts from 1 without a gap. */
const jobEventSchema = z
  .object({
    seq: z.int(),
    at: z.iso.datetime(),
    type: jobEventTypeSchema,
    state: jobStateSchema,
    attempt: z.int(),
    progress: z.number(),
    step: z.string().nullable(),
    error: jobErrorSchema.nullable(),
  })
  .meta({ id: 'JobEvent' });

/** An item of a job's stream: where the job stands, then each thing that happens to it. */
export const jobStreamItemSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('snapshot'), job: jobSchema }),
    z.object({ type: z.literal('event'), event: jobEventSchema }),
  ])
  .meta({ id: 'JobStreamItem' });
