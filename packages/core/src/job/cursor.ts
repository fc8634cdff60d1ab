import { boundedString } from '../text.ts';
import { timeSchema } from '../time.ts';

/** Longer ones have several hundred transactions in progress at a time. */
const maxLength = 4000;
/** Snapshots, the beginning, and the times of release 0.1.0. */
const form = /^(?:start|\d{1,19}:\d{1,19}:[\d,]*|\d{4}-\d\d-\d\dT[\d:.]+Z)$/;
const snapshotPattern = /^([1-9]\d{0,18}):([1-9]\d{0,18}):(\d{1,19}(?:,\d{1,19})*)?$/;

/** True for the text of a `pg_snapshot` that Postgres accepts: xmin, xmax, and what was in progress between them. */
export function isSnapshot(text: string): boolean {
  const [, first, last, list] = snapshotPattern.exec(text) ?? [];
  if (first === undefined || last === undefined) return false;
  const [xmin, xmax] = [BigInt(first), BigInt(last)];
  const inProgress = list === undefined ? [] : list.split(',').map(BigInt);
  const isInOrder = inProgress.every((xid, at) => xid >= (inProgress[at - 1] ?? xmin) && xid < xmax);
  return xmin <= xmax && isInOrder;
}

/** A cursor as it is sent: one that would be refused from the client begins anew. */
export const clientCursor = (cursor: string) => (cursor.length > maxLength ? 'start' : cursor);

const expected = 'Expected the cursor of an item of this stream.';

/**
 * The cursor of `job.changes`: a `pg_snapshot`, since what a client has seen is decided by commits. `start` says that
 * nothing was received completely; release 0.1.0 had times, which are accepted and mean the same.
 */
export const cursorSchema = boundedString(maxLength)
  .regex(form, expected)
  .refine((text) => text === 'start' || isSnapshot(text) || timeSchema.safeParse(text).success, expected);
