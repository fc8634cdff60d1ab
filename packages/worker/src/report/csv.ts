import type { ReportRow, ReportSource, ReportedMetric } from '@portfolio/core/metric/report-source';

const columns = ['metric', 'unit', 'at', 'count', 'min', 'avg', 'max', 'p50', 'p95'];

/**
 * A report as CSV (RFC 4180) with a header: a line for each metric and step that has samples. `onMetric` is told of
 * each metric before it is read.
 */
export async function* reportToCsv(
  { metrics, rowsOf }: Pick<ReportSource, 'metrics' | 'rowsOf'>,
  onMetric: (place: number) => void,
): AsyncGenerator<string> {
  yield toLine(columns);
  for (const [place, metric] of metrics.entries()) {
    onMetric(place);
    const rows = await rowsOf(metric.id);
    // One piece a metric: each line by itself would cost a call of the stream.
    if (rows.length > 0) yield rows.map((row) => toLine(fieldsOf(metric, row))).join('');
  }
}

function fieldsOf({ key, unit }: ReportedMetric, row: ReportRow): string[] {
  const { at, count, min, avg, max, p50, p95 } = row;
  const numbers = [count, min, avg, max, p50, p95].map((value) => (value === null ? '' : String(value)));
  return [key, toField(unit), at, ...numbers];
}

const toLine = (fields: string[]) => `${fields.join(',')}\r\n`;

/** Text for a cell: what a spreadsheet would take for a formula gets an apostrophe before it. */
function toField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
