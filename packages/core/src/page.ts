import { z } from 'zod';
import { boundedString } from './text.ts';
import { invalidInput } from './errors.ts';

const maxLimit = 100;
const maxCursor = 2_000;

/** Input fields of every list: the page size, and the position where the previous page ended. */
export const pageInput = {
  limit: z.int().min(1).max(maxLimit).default(20).describe('The maximum number of items.'),
  cursor: boundedString(64)
    .regex(/^[a-z]+_[0-7][0-9a-z]{25}$/, 'Expected the `nextCursor` of a previous page.')
    .optional()
    .describe('`nextCursor` of the previous page.'),
};

/** A page of items; `nextCursor` is null on the last page. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item).max(maxLimit), nextCursor: z.string().max(maxCursor).nullable() });
}

/** Cuts `limit + 1` fetched rows to a page whose cursor is the id of the last row. */
export function toPage<Row extends { id: string }>(rows: Row[], limit: number) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? last.id : null };
}

/** Input fields of lists whose cursors contain more than an id. */
export const keysetPageInput = {
  limit: pageInput.limit,
  cursor: boundedString(maxCursor)
    .regex(/^[\w-]+$/, 'Expected the `nextCursor` of a previous page.')
    .optional()
    .describe('`nextCursor` of the previous page of the same list, in the same order.'),
};

/** As `toPage`, with a cursor that contains the position of the last row in the list's order. */
export function toKeysetPage<Row>(rows: Row[], limit: number, positionOf: (row: Row) => object) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? writeCursor(positionOf(last)) : null;
  return { items, nextCursor };
}

function writeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position in a cursor. Throws `invalid_input` if the cursor is forged or of another list. */
export function readCursor<Position>(cursor: string, schema: z.ZodType<Position>): Position {
  const position = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (position.success) return position.data;
  const detail = 'Expected the `nextCursor` of a previous page of this list, in the same order.';
  throw invalidInput([{ pointer: '/cursor', detail }]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
