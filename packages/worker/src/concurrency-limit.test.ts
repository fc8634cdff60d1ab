import { expect, test } from 'vitest';
import { createConcurrencyLimit } from './concurrency-limit.ts';

test('a kind has so many places, and one that is left can be taken again', async () => {
  const room = createConcurrencyLimit({ 'export.pdf': 2, 'evidence.sync': 1 }, 1);
  const [first, second] = [await room('export.pdf'), await room('export.pdf')];
  expect(first).toBeDefined();
  expect(second).toBeDefined();
  expect(await room('export.pdf')).toBeUndefined();
  expect(await room('evidence.sync')).toBeDefined();
  first![Symbol.dispose]();
  expect(await room('export.pdf')).toBeDefined();
  expect(await room('export.pdf')).toBeUndefined();
});

test('those who wait get a place in the order in which they came', async () => {
  const room = createConcurrencyLimit({ 'export.pdf': 1 }, 60_000);
  const order: string[] = [];
  const held = await room('export.pdf');
  const waiting = ['first', 'second', 'third'].map(async (name) => {
    using _ = await room('export.pdf');
    order.push(name);
  });
  held![Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual(['first', 'second', 'third']);
});

test('a kind that this worker does not know has no place', async () => {
  expect(await createConcurrencyLimit({ 'export.pdf': 1 })('some.new-kind')).toBeUndefined();
});
