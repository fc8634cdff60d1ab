import { type Sample, samplesInput } from '@portfolio/core/metric/schemas';
import { type CsvError, parse } from 'csv-parse';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import type { z } from 'zod';
import type { Complain } from './complaint.ts';
import { inPlainWords } from './plain-words.ts';

const sampleSchema = samplesInput.shape.samples.element;

/** Samples of a metric: where the file is, and how many it holds. It is never in memory as a whole. */
export type SamplesFile = { file: string; path: string; count: number };

/** As many as the API takes in a call. */
const batchSize = 5000;

const maxComplaints = 20;
const number = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Checks a CSV file of samples, row by row; complains of the first twenty things that are wrong. */
export async function checkSamples(file: string, path: string, complain: Complain): Promise<SamplesFile> {
  let complaints = 0;
  let count = 0;
  const rows = readRows(path, (line, message) => {
    if (++complaints <= maxComplaints) complain({ file, line, message });
  });
  for await (const _ of rows) {
    count++;
    if (complaints >= maxComplaints) break;
  }
  return { file, path, count };
}

/** The samples of a file that was checked, in batches of which each fits into a call. */
export async function* readSamples({ path, file }: SamplesFile): AsyncGenerator<Sample[]> {
  let batch: Sample[] = [];
  const rows = readRows(path, (line, message) => {
    throw new Error(`${file}:${line}: ${message} It was changed during the import: run it again.`);
  });
  for await (const sample of rows) {
    batch.push(sample);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Good rows, in the order of time; the others are told of, with their line. */
async function* readRows(path: string, complain: (line: number, message: string) => void) {
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
        complain(info.lines, 'Expected the header "at,value".');
        return;
      }
      const sample = checkRow(record, (message) => complain(info.lines, message));
      if (!sample) continue;
      if (sample.at <= before)
        complain(info.lines, `at: Expected a time after ${before}, that of a row above.`);
      else yield sample;
      before = sample.at > before ? sample.at : before;
    }
    if (header) complain(1, 'Expected the header "at,value", but the file is empty.');
  } catch (error) {
    if (!isCsvError(error)) throw error;
    complain(error.lines as number, error.message);
  }
}

function checkRow(record: string[], complain: (message: string) => void): Sample | null {
  if (record.length !== 2) {
    complain(`Expected a time and a value, but found ${record.length} cells.`);
    return null;
  }
  const [at, value] = record as [string, string];
  if (!number.test(value)) {
    complain(`value: Expected a number such as "12.5", not "${value.slice(0, 40)}".`);
    return null;
  }
  const checked = sampleSchema.safeParse({ at, value: Number(value) }, { error: inPlainWords });
  if (checked.success) return checked.data;
  const [{ path, message }] = checked.error.issues as [z.core.$ZodIssue];
  complain(`${path.join('.')}: ${message}`);
  return null;
}

const isCsvError = (error: unknown): error is CsvError =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
