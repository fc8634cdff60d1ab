import { z } from 'zod';
import { idOf } from '../ids.ts';
import { instantSchema } from '../metric/instant.ts';
import { maxReportMetrics, reportFormatSchema, reportStepSchema } from '../metric/report-steps.ts';
import type { JobKind } from './schemas.ts';

/** What every kind of job is asked with, and how often it is tried. Handlers live in the worker. */
export const jobKinds = {
  'export.pdf': { payload: z.strictObject({ caseStudyId: idOf('caseStudy') }), maxAttempts: 5 },
  'evidence.sync': { payload: z.strictObject({ evidenceId: idOf('evidence') }), maxAttempts: 5 },
  'metrics.report': {
    payload: z.strictObject({
      metricIds: z.array(idOf('metric')).min(1).max(maxReportMetrics),
      from: instantSchema,
      to: instantSchema,
      step: reportStepSchema,
      format: reportFormatSchema,
    }),
    maxAttempts: 5,
  },
  // With the usual delays, the tries go on for half a day.
  'webhook.deliver': { payload: z.strictObject({ deliveryId: idOf('delivery') }), maxAttempts: 14 },
} as const satisfies Record<JobKind, { payload: z.ZodObject; maxAttempts: number }>;

export type JobPayload<Kind extends JobKind> = z.infer<(typeof jobKinds)[Kind]['payload']>;
