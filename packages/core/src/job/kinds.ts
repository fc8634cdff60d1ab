import { z } from 'zod';
import type { Scope } from '../actor.ts';
import { idOf } from '../ids.ts';
import { instantSchema } from '../time.ts';
import type { JobPriority } from './priority.ts';
import { maxReportMetrics, reportFormatSchema, reportStepSchema } from './report-steps.ts';

type FinalState = 'succeeded' | 'failed' | 'cancelled' | 'dead';

/** A quarter, as in reports on operations. */
const keptDays = 90;

/** Everything about a kind of job, except its handler (`handlers/` of the worker) and its name on the status page. */
type KindOfJob = {
  /** The title of a job about this subject, such as a case study's title in quotation marks. */
  title: (subject: string) => string;
  payload: z.ZodType;
  /** The result as clients get it. */
  result: z.ZodObject;
  /** The result as the database stores it: `result` and fields that no client sees. */
  storedResult: z.ZodObject;
  /** The scopes that reading and changing its jobs take besides `job:read` and `job:write`. Others do not see them. */
  access?: { read: Scope; write: Scope };
  /** The read scopes of what the file shows that its jobs make. Whoever requests or gets the file must have them. */
  fileShows?: readonly Scope[];
  /** The number of attempts that may fail before the job fails. */
  maxAttempts: number;
  /** The priority of a job whose caller gives none. */
  priority: JobPriority;
  /** The delay before the second attempt, which doubles with each further attempt, up to a maximum. */
  retry: { baseSeconds: number; maxSeconds: number };
  /** The number of jobs that one worker process runs at a time; it bounds their memory and processor use. */
  concurrency: number;
  /** The share of the fleet's slots that one portfolio may use at a time. */
  tenantShare: number;
  /** How long its finished jobs are stored, with the files that they made, where not `keptDays`. */
  keptDays?: Partial<Record<FinalState, number>>;
  /** An attempt that takes longer is aborted and counts as failed, even if it still reports progress. */
  timeLimitSeconds: number;
};

/** The file that a job made. */
export const jobFileSchema = z.object({
  fileName: z.string(),
  contentType: z.string(),
  sizeBytes: z.int(),
  sha256: z.string().describe('Hexadecimal SHA-256 of the file.'),
  pages: z.int().nullable().describe('Null for a format without pages, such as CSV.'),
  deletedAt: z.iso.datetime().optional().describe('When the file was deleted; missing while it exists.'),
});

const metricsReportResult = jobFileSchema.extend({
  asOf: z.iso
    .datetime()
    .nullable()
    .describe('The report includes everything recorded until then; null if the time is unknown.'),
});

/** The version that evidence has after a sync, and whether the sync created it. */
const evidenceSyncResult = z.object({
  version: z.int(),
  changed: z.boolean(),
  sha256: z.string(),
  sizeBytes: z.int(),
});

/** The HTTP status of a receiver that accepted the message. */
const webhookDeliverResult = z.object({ responseStatus: z.int() });

export const jobKinds = {
  'export.pdf': {
    title: (subject) => `PDF of ${subject}`,
    payload: z.union([
      z.strictObject({ caseStudyId: idOf('caseStudy') }),
      z.strictObject({ portfolioId: idOf('portfolio') }),
    ]),
    result: jobFileSchema,
    fileShows: ['case-study:read', 'metric:read', 'evidence:read'],
    storedResult: jobFileSchema.extend({
      /** The file's key in the bucket. */
      key: z.string(),
      /** Identifies the content that the file shows. */
      state: z.string().optional(),
      /** The version of the case study; missing for a whole portfolio. */
      studyVersion: z.int().optional(),
    }),
    maxAttempts: 5,
    priority: 'normal',
    retry: { baseSeconds: 5, maxSeconds: 300 },
    concurrency: 2,
    // A document may take minutes to lay out: those of one portfolio must not occupy every thread.
    tenantShare: 0.5,
    timeLimitSeconds: 15 * 60,
  },
  'evidence.sync': {
    title: (subject) => `Sync of ${subject}`,
    payload: z.strictObject({ evidenceId: idOf('evidence') }),
    result: evidenceSyncResult,
    storedResult: evidenceSyncResult,
    maxAttempts: 5,
    priority: 'normal',
    retry: { baseSeconds: 30, maxSeconds: 3600 },
    concurrency: 4,
    tenantShare: 1,
    // The versions of evidence say what its syncs found.
    keptDays: { succeeded: 30 },
    // As much as a large file takes from a slow source.
    timeLimitSeconds: 60 * 60,
  },
  'metrics.report': {
    title: (subject) => `Report of ${subject}`,
    payload: z.strictObject({
      metricIds: z.array(idOf('metric')).min(1).max(maxReportMetrics),
      from: instantSchema,
      to: instantSchema,
      step: reportStepSchema,
      format: reportFormatSchema,
    }),
    result: metricsReportResult,
    fileShows: ['metric:read'],
    storedResult: metricsReportResult.extend({ key: z.string() }),
    maxAttempts: 5,
    priority: 'normal',
    retry: { baseSeconds: 5, maxSeconds: 300 },
    concurrency: 1,
    tenantShare: 1,
    timeLimitSeconds: 15 * 60,
  },
  'webhook.deliver': {
    title: (subject) => `Webhook: ${subject}`,
    access: { read: 'webhook:read', write: 'webhook:write' },
    payload: z.strictObject({ deliveryId: idOf('delivery') }),
    result: webhookDeliverResult,
    storedResult: webhookDeliverResult,
    // Attempts continue for a day and a half, so that a receiver that is repaired in the morning still gets its messages.
    maxAttempts: 20,
    priority: 'high',
    retry: { baseSeconds: 5, maxSeconds: 4 * 3600 },
    concurrency: 4,
    // Receivers may be slow: those of one portfolio must not occupy every slot.
    tenantShare: 0.5,
    timeLimitSeconds: 2 * 60,
    // As long as the deliveries themselves.
    keptDays: { succeeded: 30, failed: 30, cancelled: 30, dead: 30 },
  },
} as const satisfies Record<string, KindOfJob>;

type JobKinds = typeof jobKinds;
export type JobKind = keyof JobKinds;
export type JobPayload<Kind extends JobKind> = z.infer<JobKinds[Kind]['payload']>;
export type JobResult = z.infer<JobKinds[JobKind]['result']>;
export type StoredResult<Kind extends JobKind = JobKind> = z.infer<JobKinds[Kind]['storedResult']>;

const kinds = Object.keys(jobKinds) as JobKind[];

export const jobKindSchema = z.enum(kinds);

/** The result of a job of any kind. Strict, since one kind's result may be a part of another's. */
export const jobResultSchema = z.union(
  kinds.map((kind): z.ZodType<JobResult> => jobKinds[kind].result.strict()),
);

/** The scopes that jobs of a kind take besides those of jobs; undefined if none, and for kinds of a newer release. */
export const accessTo = (kind: JobKind) => (jobKinds[kind] as KindOfJob | undefined)?.access;

/** The read scopes of what the file of such a job shows; none where it makes no file. */
export const fileShows = (kind: JobKind): readonly Scope[] => (jobKinds[kind] as KindOfJob).fileShows ?? [];

/** For how many days finished jobs are stored, by kind and state. */
export function retention(): { kind: JobKind; state: FinalState; days: number }[] {
  const states: FinalState[] = ['succeeded', 'failed', 'cancelled', 'dead'];
  return kinds.flatMap((kind) => {
    const own: KindOfJob['keptDays'] = (jobKinds[kind] as KindOfJob).keptDays;
    return states.map((state) => ({ kind, state, days: own?.[state] ?? keptDays }));
  });
}

/** One value for each kind of job. */
export const ofEachKind = <Value>(value: (kind: JobKind) => Value) =>
  Object.fromEntries(kinds.map((kind) => [kind, value(kind)])) as Record<JobKind, Value>;
