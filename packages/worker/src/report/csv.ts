import type { ReportRow, ReportSource, ReportedMetric } from '@portfolio/core/metric/report-source';

const columns = ['metric', 'unit', 'at', 'count', 'min', 'avg', 'max', 'p50', 'p95'];

/**
 * A report as CSV (RFC 4180) with a header: a line for each metric and step with samples. `onMetric` is called for each
 * metric before it is read.
 */
export async function* reportToCsv(
  { metrics, rowsOf }: Pick<ReportSource, 'metrics' | 'rowsOf'>,
  onMetric: (index: number) => void,
): AsyncGenerator<string> {
  yield toLine(columns);
  for (const [index, metric] of metrics.entries()) {
    onMetric(index);
    const rows = await rowsOf(metric.id);
    // One chunk per metric: a chunk per line would cost a stream call each.
    if (rows.length > 0) yield rows.map((row) => toLine(fieldsOf(metric, row))).join('');
  }
}

function fieldsOf({ key, unit }: ReportedMetric, row: ReportRow): string[] {
  const { at, count, min, avg, max, p50, p95 } = row;
  const numbers = [count, min, avg, max, p50, p95].map((value) => (value === null ? '' : String(value)));
  return [key, toField(unit), at, ...numbers];
}

const toLine = (fields: string[]) => `${fields.join(',')}\r\n`;

/** The text of a cell: an apostrophe is put before text that a spreadsheet would treat as a formula. */
function toField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
