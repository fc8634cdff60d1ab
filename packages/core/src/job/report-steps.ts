import { z } from 'zod';

/** The period of each row or point of a report, by the calendar in UTC. A week begins on Monday. */
export const reportStepSchema = z.enum(['hour', 'day', 'week', 'month']);
export type ReportStep = z.infer<typeof reportStepSchema>;

export const reportFormatSchema = z.enum(['csv', 'pdf']);
export type ReportFormat = z.infer<typeof reportFormatSchema>;

/** The most metrics in one report: each has its own chart, and they are read one after the other. */
export const maxReportMetrics = 100;

/** The most rows of a CSV file that common programs open, and the most points of a readable chart. */
export const maxReportSteps: Record<ReportFormat, number> = { csv: 10_000, pdf: 1000 };

const hour = 3_600_000;
const lengths = { hour, day: 24 * hour, week: 7 * 24 * hour };
/** The epoch was a Thursday. */
const firstMonday = 4 * 24 * hour;

/** The beginning of the step that contains a time; both in milliseconds since the epoch. */
function beginOfStep(time: number, step: ReportStep): number {
  if (step === 'month') {
    const date = new Date(time);
    return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
  }
  const origin = step === 'week' ? firstMonday : 0;
  return Math.floor((time - origin) / lengths[step]) * lengths[step] + origin;
}

/** The end of the step that begins at a time. */
export function endOfStep(begin: number, step: ReportStep): number {
  if (step !== 'month') return begin + lengths[step];
  const date = new Date(begin);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}

function monthOf(time: number): number {
  const date = new Date(time);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The number of steps that a range overlaps. */
export function countReportSteps({ from, to }: { from: string; to: string }, step: ReportStep): number {
  const [first, last] = [beginOfStep(Date.parse(from), step), beginOfStep(Date.parse(to) - 1, step)];
  if (step !== 'month') return (last - first) / lengths[step] + 1;
  return monthOf(last) - monthOf(first) + 1;
}
