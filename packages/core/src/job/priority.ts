import { z } from 'zod';

/** Decides which of a portfolio's jobs are dispatched first; within one priority, the oldest is. */
export const jobPrioritySchema = z.enum(['high', 'normal', 'low']);
export type JobPriority = z.infer<typeof jobPrioritySchema>;
