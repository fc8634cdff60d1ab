import { z } from 'zod';
import { idOf } from '../ids.ts';
import type { JobKind } from './schemas.ts';

/** What every kind of job is asked with, and how often it is tried. Handlers live in the worker. */
export const jobKinds = {
  'export.pdf': {
    payload: z.union([
      z.strictObject({ caseStudyId: idOf('caseStudy') }),
      z.strictObject({ portfolioId: idOf('portfolio') }),
    ]),
    maxAttempts: 5,
  },
  'evidence.sync': { payload: z.strictObject({ evidenceId: idOf('evidence') }), maxAttempts: 5 },
  // With the usual delays, the tries go on for half a day.
  'webhook.deliver': { payload: z.strictObject({ deliveryId: idOf('delivery') }), maxAttempts: 14 },
} as const satisfies Record<JobKind, { payload: z.ZodType; maxAttempts: number }>;

export type JobPayload<Kind extends JobKind> = z.infer<(typeof jobKinds)[Kind]['payload']>;
