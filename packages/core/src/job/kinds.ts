import { z } from 'zod';
import { idOf } from '../ids.ts';
import { instantSchema } from '../time.ts';
import { maxReportMetrics, reportFormatSchema, reportStepSchema } from './report-steps.ts';
import type { JobKind, JobPriority } from './schemas.ts';

type KindOfJob = {
  payload: z.ZodType;
  /** Attempts that may end without success before the job fails. */
  maxAttempts: number;
  /** Where the one who asks names none. */
  priority: JobPriority;
  /** The wait before the second attempt, which doubles with each further one, up to a longest. */
  retry: { baseSeconds: number; maxSeconds: number };
  /** How many of them one worker process works on at a time: what they need of processor and memory. */
  concurrency: number;
};

/** What every kind of job is asked with, and how it is tried. Handlers live in the worker. */
export const jobKinds = {
  'export.pdf': {
    payload: z.union([
      z.strictObject({ caseStudyId: idOf('caseStudy') }),
      z.strictObject({ portfolioId: idOf('portfolio') }),
    ]),
    maxAttempts: 5,
    priority: 'normal',
    retry: { baseSeconds: 5, maxSeconds: 300 },
    concurrency: 2,
  },
  'evidence.sync': {
    payload: z.strictObject({ evidenceId: idOf('evidence') }),
    maxAttempts: 5,
    priority: 'normal',
    retry: { baseSeconds: 30, maxSeconds: 3600 },
    concurrency: 4,
  },
  'metrics.report': {
    payload: z.strictObject({
      metricIds: z.array(idOf('metric')).min(1).max(maxReportMetrics),
      from: instantSchema,
      to: instantSchema,
      step: reportStepSchema,
      format: reportFormatSchema,
    }),
    maxAttempts: 5,
    priority: 'normal',
    retry: { baseSeconds: 5, maxSeconds: 300 },
    concurrency: 1,
  },
  // The tries go on for a day and a half, so that a receiver that is mended in the morning still gets its messages.
  'webhook.deliver': {
    payload: z.strictObject({ deliveryId: idOf('delivery') }),
    maxAttempts: 20,
    priority: 'high',
    retry: { baseSeconds: 5, maxSeconds: 4 * 3600 },
    // Receivers may be slow: they must not hold every slot of a worker.
    concurrency: 4,
  },
} as const satisfies Record<JobKind, KindOfJob>;

export type JobPayload<Kind extends JobKind> = z.infer<(typeof jobKinds)[Kind]['payload']>;
