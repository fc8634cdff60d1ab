import { z } from 'zod';

/** How long each row or point of a report lasts, by the calendar in UTC; a week begins on Monday. */
export const reportStepSchema = z.enum(['hour', 'day', 'week', 'month']);
export type ReportStep = z.infer<typeof reportStepSchema>;

export const reportFormatSchema = z.enum(['csv', 'pdf']);
export type ReportFormat = z.infer<typeof reportFormatSchema>;

/** So many a report takes: each is a chart of its own, and read one after the other. */
export const maxReportMetrics = 100;

/** So many fit a file that programs open, and a chart that people read. */
export const maxReportSteps: Record<ReportFormat, number> = { csv: 10_000, pdf: 1000 };

const hour = 3_600_000;
const lengths = { hour, day: 24 * hour, week: 7 * 24 * hour };
/** The epoch was a Thursday. */
const firstMonday = 4 * 24 * hour;

/** When the step begins that a moment lies in; both in milliseconds since the epoch. */
function beginOfStep(time: number, step: ReportStep): number {
  if (step === 'month') {
    const date = new Date(time);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
  }
  const origin = step === 'week' ? firstMonday : 0;
  return Math.floor((time - origin) / lengths[step]) * lengths[step] + origin;
}

/** When the step ends that begins at a moment. */
export function endOfStep(begin: number, step: ReportStep): number {
  if (step !== 'month') return begin + lengths[step];
  const date = new Date(begin);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** How many steps a range touches. */
export function countReportSteps({ from, to }: { from: string; to: string }, step: ReportStep): number {
  const [first, last] = [beginOfStep(Date.parse(from), step), beginOfStep(Date.parse(to) - 1, step)];
  if (step !== 'month') return (last - first) / lengths[step] + 1;
  return monthOf(last) - monthOf(first) + 1;
}
