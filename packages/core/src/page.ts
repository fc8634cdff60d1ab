import { z } from 'zod';
import { AppError } from './errors.ts';

const maxLimit = 100;
const maxCursor = 2_000;

/** Input fields of every list: how many, and where the previous page ended. */
export const pageInput = {
  limit: z.int().min(1).max(maxLimit).default(20).describe('How many items at most.'),
  cursor: z
    .string()
    .max(64)
    .regex(/^[a-z]+_[0-7][0-9a-z]{25}$/, 'Expected the `nextCursor` of a page.')
    .optional()
    .describe('`nextCursor` of the previous page.'),
};

/** A page of items; `nextCursor` is null on the last one. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item).max(maxLimit), nextCursor: z.string().max(maxCursor).nullable() });
}

/** Cuts `limit + 1` fetched rows to a page whose cursor is the id of its last row. */
export function toPage<Row extends { id: string }>(rows: Row[], limit: number) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? last.id : null };
}

/** Input fields of lists whose cursors hold more than an id: what `writeCursor` makes of the last item. */
export const keysetPageInput = {
  limit: pageInput.limit,
  cursor: z
    .string()
    .max(maxCursor)
    .regex(/^[\w-]+$/, 'Expected the `nextCursor` of a page.')
    .optional()
    .describe('`nextCursor` of the previous page of the same list, in the same order.'),
};

/** As `toPage`, with a cursor that holds the place of the last row in the list's order. */
export function toKeysetPage<Row>(rows: Row[], limit: number, placeOf: (row: Row) => object) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? writeCursor(placeOf(last)) : null;
  return { items, nextCursor };
}

function writeCursor(place: object): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** The place that a cursor holds; `invalid_input` where it is of another list, or of nobody's making. */
export function readCursor<Place>(cursor: string, schema: z.ZodType<Place>): Place {
  const place = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()));
  if (place.success) return place.data;
  const detail = 'Expected the `nextCursor` of a page of this list, in the same order.';
  throw new AppError('invalid_input', `The input is not valid. /cursor: ${detail}`, {
    fields: [{ pointer: '/cursor', detail }],
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
