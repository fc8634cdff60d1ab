import { type Sample, samplesInput } from '@portfolio/core/metric/schemas';
import { type CsvError, parse } from 'csv-parse';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import type { z } from 'zod';
import type { ReportProblem } from './import-problem.ts';
import { inPlainWords } from './plain-words.ts';

const sampleSchema = samplesInput.shape.samples.element;

/** A file of a metric's samples, and how many it contains. It is never in memory as a whole. */
export type SamplesFile = { file: string; path: string; count: number };

/** The maximum that the API accepts in a call. */
const batchSize = 5000;

const maxProblems = 20;
const number = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Checks a CSV file of samples row by row, and reports the first twenty problems. */
export async function checkSamples(
  file: string,
  path: string,
  reportProblem: ReportProblem,
): Promise<SamplesFile> {
  let problemCount = 0;
  let count = 0;
  const rows = readRows(path, (line, message) => {
    if (++problemCount <= maxProblems) reportProblem({ file, line, message });
  });
  for await (const _ of rows) {
    count++;
    if (problemCount >= maxProblems) break;
  }
  return { file, path, count };
}

/** The samples of a checked file, in batches that each fit into one call. */
export async function* readSamples({ path, file }: SamplesFile): AsyncGenerator<Sample[]> {
  let batch: Sample[] = [];
  const rows = readRows(path, (line, message) => {
    throw new Error(`${file}:${line}: ${message} The file was changed during the import; run it again.`);
  });
  for await (const sample of rows) {
    batch.push(sample);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** The valid rows, in the order of time; problems in the others are reported with their line. */
async function* readRows(path: string, reportProblem: (line: number, message: string) => void) {
  const options = { bom: true, info: true, relax_column_count: true, skip_empty_lines: true, trim: true };
  const parser = pipeline(createReadStream(path), parse(options), () => {});
  let header = true;
  let before = '';
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      if (header) {
        header = false;
        if (record.join(',') === 'at,value') continue;
        reportProblem(info.lines, 'Expected the header "at,value".');
        return;
      }
      const sample = checkRow(record, (message) => reportProblem(info.lines, message));
      if (!sample) continue;
      if (sample.at <= before)
        reportProblem(info.lines, `at: Expected a time after ${before}, the latest time in the rows above.`);
      else yield sample;
      before = sample.at > before ? sample.at : before;
    }
    if (header) reportProblem(1, 'Expected the header "at,value", but the file is empty.');
  } catch (error) {
    if (!isCsvError(error)) throw error;
    reportProblem(error.lines as number, 'Malformed CSV: a quote is unbalanced or misplaced.');
  }
}

function checkRow(record: string[], reportProblem: (message: string) => void): Sample | null {
  if (record.length !== 2) {
    reportProblem(`Expected a time and a value, but found ${record.length} cells.`);
    return null;
  }
  const [at, value] = record as [string, string];
  if (!number.test(value)) {
    reportProblem(`value: Expected a number such as "12.5", not "${value.slice(0, 40)}".`);
    return null;
  }
  const checked = sampleSchema.safeParse({ at, value: Number(value) }, { error: inPlainWords });
  if (checked.success) return checked.data;
  const [{ path, message }] = checked.error.issues as [z.core.$ZodIssue];
  reportProblem(`${path.join('.')}: ${message}`);
  return null;
}

const isCsvError = (error: unknown): error is CsvError =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
