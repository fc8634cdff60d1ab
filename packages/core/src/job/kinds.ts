import { z } from 'zod';
import { idOf } from '../ids.ts';
import { instantSchema } from '../time.ts';
import { maxReportMetrics, reportFormatSchema, reportStepSchema } from './report-steps.ts';
import type { JobKind, JobPriority } from './schemas.ts';

type KindOfJob = {
  payload: z.ZodType;
  /** Attempts that may end without success before the job fails. */
  maxAttempts: number;
  /** The default for requests without a priority. */
  priority: JobPriority;
  /** The delay before the second attempt. It doubles with each further attempt, up to `maxSeconds`. */
  retry: { baseSeconds: number; maxSeconds: number };
  /** How many of them one worker process runs at a time, limited by the processor time and memory they need. */
  concurrency: number;
};

/** The payload of each kind of job, and how it is retried. The handlers are in the worker. */
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
  // Retries continue for a day and a half: a receiver that is fixed the next morning still gets its messages.
  'webhook.deliver': {
    payload: z.strictObject({ deliveryId: idOf('delivery') }),
    maxAttempts: 20,
    priority: 'high',
    retry: { baseSeconds: 5, maxSeconds: 4 * 3600 },
    // Receivers may be slow: they must not occupy every slot of a worker.
    concurrency: 4,
  },
} as const satisfies Record<JobKind, KindOfJob>;

export type JobPayload<Kind extends JobKind> = z.infer<(typeof jobKinds)[Kind]['payload']>;
