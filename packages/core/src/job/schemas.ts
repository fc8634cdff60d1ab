import { z } from 'zod';
import { idOf } from '../ids.ts';
import { slugSchema } from '../text.ts';

export const jobKindSchema = z.enum(['export.pdf', 'evidence.sync', 'metrics.report', 'webhook.deliver']);
export type JobKind = z.infer<typeof jobKindSchema>;

export const jobStateSchema = z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead']);
export type JobState = z.infer<typeof jobStateSchema>;

/** Which of a portfolio's jobs are dispatched first; within one priority, the oldest. */
export const jobPrioritySchema = z.enum(['high', 'normal', 'low']);
export type JobPriority = z.infer<typeof jobPrioritySchema>;

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

/** The file that a job made. */
export const jobFileSchema = z.object({
  fileName: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  sha256: z.string().describe('Hexadecimal SHA-256 of the file.'),
  pages: z.int().nullable().describe('Null where the file has none, as CSV.'),
});

/** A report, and how new what it tells is. */
const metricsReportResultSchema = jobFileSchema.extend({
  asOf: z.iso
    .datetime()
    .nullable()
    .describe('Everything recorded by then is in the report; null where its source cannot tell.'),
});

/** The version that evidence has after a sync, and whether the sync made it. */
const evidenceSyncResultSchema = z.object({
  version: z.int(),
  changed: z.boolean(),
  sha256: z.string(),
  sizeBytes: z.int(),
});

/** The answer of a webhook's receiver that took the message. */
const webhookDeliverResultSchema = z.object({ responseStatus: z.int() });

/** What each kind of job results in, as clients get it. */
export const resultSchemas = {
  'export.pdf': jobFileSchema,
  'evidence.sync': evidenceSyncResultSchema,
  'metrics.report': metricsReportResultSchema,
  'webhook.deliver': webhookDeliverResultSchema,
} satisfies Record<JobKind, z.ZodType>;

/** What came of a job: a file, or what its kind tells instead. */
const jobResultSchema = z.union([
  // Before the file, which would take it too.
  metricsReportResultSchema,
  jobFileSchema,
  evidenceSyncResultSchema,
  webhookDeliverResultSchema,
]);
export type JobResult = z.infer<typeof jobResultSchema>;

/**
 * What each kind of job results in, as the database keeps it. A file's key in the bucket no client ever sees;
 * `state` names all that the file shows; `studyVersion` is the version of the study, where it is of a single one.
 */
export const storedResultSchemas = {
  'export.pdf': jobFileSchema.extend({
    key: z.string(),
    state: z.string().optional(),
    studyVersion: z.int().optional(),
  }),
  'evidence.sync': evidenceSyncResultSchema,
  'metrics.report': metricsReportResultSchema.extend({ key: z.string() }),
  'webhook.deliver': webhookDeliverResultSchema,
} satisfies Record<JobKind, z.ZodType>;
export type StoredResults = {
  [Kind in JobKind]: z.infer<(typeof storedResultSchemas)[Kind]>;
};
export type StoredResult = StoredResults[JobKind];

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
