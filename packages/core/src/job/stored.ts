import type { z } from 'zod';
import { readerOf } from '../stored-json.ts';
import { type JobPayload, jobKinds } from './kinds.ts';
import {
  type Job,
  type JobKind,
  type StoredResults,
  jobErrorSchema,
  resultSchemas,
  storedResultSchemas,
} from './schemas.ts';

function readersOf(schemas: [string, z.ZodType][]) {
  const readers = schemas.map(([kind, schema]) => [kind, readerOf(schema)]);
  return Object.fromEntries(readers) as Record<JobKind, (stored: unknown) => unknown>;
}

const payloads = readersOf(Object.entries(jobKinds).map(([kind, { payload }]) => [kind, payload]));
const results = readersOf(Object.entries(resultSchemas));
const storedResults = readersOf(Object.entries(storedResultSchemas));

/** What a job was asked with, as the database has it; throws a ZodError where that is of no form of its kind. */
export const readPayload = <Kind extends JobKind>(kind: Kind, stored: unknown) =>
  payloads[kind](stored) as JobPayload<Kind>;

/** What came of a job, as the database has it. */
export const readResult = <Kind extends JobKind>(kind: Kind, stored: unknown) =>
  storedResults[kind](stored) as StoredResults[Kind];

export const readError = readerOf(jobErrorSchema.nullable());

/** A job as clients get it, of a row with `jobFields`. */
export function toJob<Row extends Pick<Job, 'kind' | 'result' | 'error'>>(row: Row): Row {
  const { kind, result, error } = row;
  return {
    ...row,
    result: result === null ? null : (results[kind](result) as Job['result']),
    error: readError(error),
  };
}
