import { z } from 'zod';

const maxLimit = 100;

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
  return z.object({ items: z.array(item).max(maxLimit), nextCursor: z.string().max(64).nullable() });
}

/** Cuts `limit + 1` fetched rows to a page whose cursor is the id of its last row. */
export function toPage<Row extends { id: string }>(rows: Row[], limit: number) {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? last.id : null };
}
