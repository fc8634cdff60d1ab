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

/** Reads the stored payload of a job. Throws a ZodError if it matches no schema of its kind. */
export const readPayload = <Kind extends JobKind>(kind: Kind, stored: unknown) =>
  payloads[kind](stored) as JobPayload<Kind>;

/** Reads the stored result of a job. */
export const readResult = <Kind extends JobKind>(kind: Kind, stored: unknown) =>
  storedResults[kind](stored) as StoredResults[Kind];

export const readError = readerOf(jobErrorSchema.nullable());

/** Converts a row with `jobFields` to the job that clients get. */
export function toJob<Row extends Pick<Job, 'kind' | 'result' | 'error'>>(row: Row): Row {
  const { kind, result, error } = row;
  return {
    ...row,
    result: result === null ? null : (results[kind](result) as Job['result']),
    error: readError(error),
  };
}
