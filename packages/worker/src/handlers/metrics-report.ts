import { type ReportSource, hasAnyMetric, readReport } from '@portfolio/core/metric/report-source';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Handler, NotYetError, PermanentError, TemporaryError } from '../handler.ts';
import { reportToCsv } from '../report/csv.ts';
import { renderReport } from '../report/pdf.ts';
import { storeFile } from '../store-file.ts';

const contentTypes = { csv: 'text/csv; charset=utf-8', pdf: 'application/pdf' };

/** Where reading takes over from beginning within the progress of the whole job. */
const reading = { from: 0.05, to: 0.95 };

/** Sums up metrics on the reader, all as of one moment, and stores the report under a key of its own for each attempt. */
export const metricsReport: Handler<'metrics.report'> = (ask, tools) => {
  tools.progress(0.01, 'Reading the metrics');
  const { reader, job } = tools;
  return readReport(reader, job, ask, (source) => write(source, ask, tools)).catch((error) => {
    throw isConflict(error)
      ? new TemporaryError('reader_busy', 'The copy of the database that reports are read from had to go on.')
      : error;
  });
};

type Write = (
  source: ReportSource,
  ...rest: Parameters<typeof metricsReport>
) => ReturnType<typeof metricsReport>;

const write: Write = async (source, ask, { db, bucket, job, signal, progress }) => {
  const { portfolio, asOf, isDiverged, metrics, missing } = source;
  if (isDiverged) {
    const message = 'What reports are read from is no copy of the database any longer.';
    throw new TemporaryError('reader_diverged', message);
  }
  if (missing.length > 0 && (await hasAnyMetric(db, missing))) {
    const message =
      'The copy of the database that reports are read from does not have all of these metrics yet.';
    throw new NotYetError('reader_behind', message);
  }
  if (metrics.length === 0) throw new PermanentError('not_found', 'None of the metrics exists any longer.');
  const onMetric = (place: number) =>
    progress(
      reading.from + ((reading.to - reading.from) * place) / metrics.length,
      `Summing up “${metrics[place]!.name}”`,
    );
  const { from, to, format } = ask;
  const file = {
    key: `reports/${job.portfolioId}/${job.id}/${job.attempt}.${format}`,
    fileName: `${portfolio.slug}-metrics-${from.slice(0, 10)}-${to.slice(0, 10)}.${format}`,
    contentType: contentTypes[format],
  };
  const { written: pages, ...stored } = await storeFile(bucket, file, signal, (out, ends) =>
    format === 'csv'
      ? writeCsv(source, onMetric, out, ends)
      : renderReport(source, ask, { out, signal: ends, onMetric }),
  );
  return { ...file, ...stored, pages, asOf };
};

/** Resolves to null: CSV has no pages. */
async function writeCsv(
  source: ReportSource,
  onMetric: (place: number) => void,
  out: Writable,
  signal: AbortSignal,
): Promise<null> {
  await pipeline(Readable.from(reportToCsv(source, onMetric)), out, { signal });
  return null;
}

/** A standby ends a read that keeps it from replaying for too long (PostgreSQL, "Handling Query Conflicts"). */
function isConflict(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause ?? error) : null;
  return cause instanceof Error && 'code' in cause && cause.code === '40001';
}
