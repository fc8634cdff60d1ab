import type { z } from 'zod';
import { readerOf } from '../stored-json.ts';
import { type JobKind, type JobPayload, type StoredResult, jobKinds, ofEachKind } from './kinds.ts';
import { type Job, jobErrorSchema } from './schemas.ts';

/** A newer release may have accepted the job: what it asks for must not be done in part. */
const payloads = ofEachKind((kind) => readerOf<z.ZodType>(jobKinds[kind].payload, { refusesUnknown: true }));
const results = ofEachKind((kind) => readerOf(jobKinds[kind].result));
const storedResults = ofEachKind((kind) => readerOf<z.ZodType>(jobKinds[kind].storedResult));

/** The payload of a job, as the database stores it. Throws a ZodError if this release cannot read all of it. */
export const readPayload = <Kind extends JobKind>(kind: Kind, stored: unknown) =>
  payloads[kind](stored) as JobPayload<Kind>;

/** The result of a job, as the database stores it. */
export const readResult = <Kind extends JobKind>(kind: Kind, stored: unknown) =>
  storedResults[kind](stored) as StoredResult<Kind>;

export const readError = readerOf(jobErrorSchema.nullable());

/**
 * A job as clients get it, from a row of `jobFields`; drops the fields of the result that no client sees. Throws if this
 * release cannot read it, such as a job of a kind that a newer one has added.
 */
export function toJob<Row extends Pick<Job, 'kind' | 'result' | 'error'>>(row: Row): Row {
  const { kind, result, error } = row;
  if (!(kind in results)) throw new Error(`This release knows no jobs of the kind "${kind}".`);
  return {
    ...row,
    result: result === null ? null : results[kind](result),
    error: readError(error),
  };
}

/** Reads each row on its own and leaves out those that cannot be read, so that they do not hide the others. */
export function readEach<Row, Item>(
  rows: readonly Row[],
  read: (row: Row) => Item,
  report?: (error: unknown) => void,
): Item[] {
  const items: Item[] = [];
  for (const row of rows) {
    try {
      items.push(read(row));
    } catch (error) {
      report?.(error);
    }
  }
  return items;
}
