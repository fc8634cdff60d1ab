import { z } from 'zod';
import { idOf } from '../ids.ts';
import { slugSchema } from '../text.ts';
import { jobKindSchema, jobResultSchema } from './kinds.ts';
import { jobPrioritySchema } from './priority.ts';

export const jobStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead']);
export type JobState = z.infer<typeof jobStateSchema>;

/** The input field of operations that request a job. */
export const priorityInput = {
  priority: jobPrioritySchema
    .optional()
    .describe(
      'Priority among the jobs of the portfolio, “normal” by default. It does not affect other portfolios.',
    ),
};

/** The states of a job that can be cancelled: it has not finished. */
export const cancellableStates = ['queued', 'running'] as const satisfies JobState[];
/** The states of a job that can be retried manually: it finished without a result. */
export const retryableStates = ['failed', 'cancelled', 'dead'] as const satisfies JobState[];

/** True for states that a job does not leave by itself. */
export const isFinal = (state: JobState) => state !== 'queued' && state !== 'running';

/** Why an attempt failed, in words for the user who requested the job. */
export const jobErrorSchema = z.object({ code: z.string(), message: z.string() });
export type JobError = z.infer<typeof jobErrorSchema>;

const place = z
  .int()
  .describe(
    'Its place in line among the jobs of its portfolio and kind, from 1 to 1,000; more are not counted.',
  );

/** What a queued job waits for. */
const jobWaitSchema = z
  .discriminatedUnion('for', [
    z
      .object({
        for: z.literal('turn'),
        jobId: idOf('job').describe('The first unfinished job for the same resource.'),
        place: z.int().describe('The number of unfinished jobs for the same resource before it.'),
      })
      .describe('Jobs for the same resource run one after the other.'),
    z.object({ for: z.literal('time'), until: z.iso.datetime() }).describe('The time of its next attempt.'),
    z.object({ for: z.literal('pause') }).describe('An operator has paused jobs of its portfolio or kind.'),
    z
      .object({
        for: z.literal('limit'),
        of: z
          .enum(['kind', 'portfolio', 'platform'])
          .describe(
            'Whether it concerns jobs of its portfolio and kind, of its portfolio, or of its kind in all portfolios.',
          ),
        limit: z.int().describe('How many of these jobs may run at a time.'),
        place,
      })
      .describe('As many of these jobs run as may.'),
    z.object({ for: z.literal('worker'), place }).describe('A worker with a free slot for its kind.'),
  ])
  .meta({ id: 'JobWait' });
export type JobWait = z.infer<typeof jobWaitSchema>;

/**
 * A job. `progress` goes from 0 to 1 in each attempt. `retryAt` is set while the job waits for its next attempt.
 * `error` is the error of the last failed attempt. Attempt numbers never repeat: a manual retry raises `maxAttempts`,
 * and so does an attempt that was interrupted by an outage or by a stop of its worker. A running job with
 * `cancelRequestedAt` ends as cancelled, whatever its worker does.
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
    lastSeq: z.int().describe('The number of the last event.'),
    traceId: z
      .string()
      .regex(/^[\da-f]{32}$/)
      .nullable()
      .describe(
        'The id of the trace (W3C Trace Context) of what has caused the job, which its attempts and the webhooks that report ' +
          'it continue. Null for jobs of before release 0.2.0.',
      ),
    stalled: z
      .boolean()
      .describe(
        'True while its worker sends no heartbeat, or if it could run for five minutes, and no worker has claimed it ' +
          'although one has a free slot, or there is none.',
      ),
    waiting: jobWaitSchema.nullable().describe('What a queued job waits for; null in other states.'),
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

/** An event of a job; `seq` counts from 1 without a gap. */
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

/** An item of a job's stream: a snapshot of the job first, then each of its events. */
export const jobStreamItemSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('snapshot'), job: jobSchema }),
    z.object({ type: z.literal('event'), event: jobEventSchema }),
  ])
  .meta({ id: 'JobStreamItem' });

export type JobStreamItem = z.infer<typeof jobStreamItemSchema>;
