import { type ReportSource, hasAnyMetric, readReport } from '@portfolio/core/metric/report-source';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Handler, NotYetError, PermanentError, TemporaryError } from '../handler.ts';
import { reportToCsv } from '../report/csv.ts';
import { renderReport } from '../report/pdf.ts';
import { storeFile } from '../store-file.ts';

const contentTypes = { csv: 'text/csv; charset=utf-8', pdf: 'application/pdf' };

/** The part of the job's progress during which metrics are read. */
const reading = { from: 0.05, to: 0.95 };

/** Aggregates metrics on the reader, from one snapshot. Each attempt stores its own file. */
export const metricsReport: Handler<'metrics.report'> = (payload, tools) => {
  tools.progress(0.01, 'Reading the metrics');
  const { reader, job } = tools;
  return readReport(reader, job, payload, (source) => write(source, payload, tools)).catch((error) => {
    throw isConflict(error)
      ? new TemporaryError(
          'reader_busy',
          'The database replica cancelled the query of the report because of a replication conflict.',
        )
      : error;
  });
};

type Write = (
  source: ReportSource,
  ...rest: Parameters<typeof metricsReport>
) => ReturnType<typeof metricsReport>;

const write: Write = async (source, payload, { db, bucket, job, signal, progress }) => {
  const { portfolio, asOf, isDiverged, metrics, missing } = source;
  if (isDiverged) {
    const message = 'The database that reports are read from is no longer a replica of the primary.';
    throw new TemporaryError('reader_diverged', message);
  }
  if (missing.length > 0 && (await hasAnyMetric(db, missing))) {
    const message = 'The database replica that reports are read from does not have all of these metrics yet.';
    throw new NotYetError('reader_behind', message);
  }
  if (metrics.length === 0) throw new PermanentError('not_found', 'None of the metrics exists any more.');
  const onMetric = (index: number) =>
    progress(
      reading.from + ((reading.to - reading.from) * index) / metrics.length,
      `Aggregating “${metrics[index]!.name}”`,
    );
  const { from, to, format } = payload;
  const file = {
    key: `reports/${job.portfolioId}/${job.id}/${job.attempt}.${format}`,
    fileName: `${portfolio.slug}-metrics-${from.slice(0, 10)}-${to.slice(0, 10)}.${format}`,
    contentType: contentTypes[format],
  };
  const { written: pages, ...stored } = await storeFile(bucket, file, signal, (out, aborted) =>
    format === 'csv'
      ? writeCsv(source, onMetric, out, aborted)
      : renderReport(source, payload, { out, signal: aborted, onMetric }),
  );
  return { ...file, ...stored, pages, asOf };
};

/** Resolves to null: CSV has no pages. */
async function writeCsv(
  source: ReportSource,
  onMetric: (index: number) => void,
  out: Writable,
  signal: AbortSignal,
): Promise<null> {
  await pipeline(Readable.from(reportToCsv(source, onMetric)), out, { signal });
  return null;
}

/** A standby cancels a query that delays its replay for too long (PostgreSQL, "Handling Query Conflicts"). */
function isConflict(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : null;
  return cause instanceof Error && 'code' in cause && cause.code === '40001';
}
