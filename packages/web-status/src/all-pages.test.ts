import { expect, test } from 'vitest';
import { allPages } from './all-pages.ts';

test('a list is read to its last page, each page with the cursor of the previous one', async () => {
  const pages = new Map([
    [undefined, { items: ['a', 'b'], nextCursor: 'b' }],
    ['b', { items: ['c'], nextCursor: 'c' }],
    ['c', { items: ['d'], nextCursor: null }],
  ]);
  expect(await allPages(async (cursor) => pages.get(cursor)!)).toEqual(['a', 'b', 'c', 'd']);
});
