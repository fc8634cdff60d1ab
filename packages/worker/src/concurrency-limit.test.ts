import { expect, test } from 'vitest';
import { createConcurrencyLimit } from './concurrency-limit.ts';

test('a kind has a fixed number of slots, and a released one can be acquired again', async () => {
  const acquireSlot = createConcurrencyLimit({ 'export.pdf': 2, 'evidence.sync': 1 }, 1);
  const [first, second] = [await acquireSlot('export.pdf'), await acquireSlot('export.pdf')];
  expect(first).toBeDefined();
  expect(second).toBeDefined();
  expect(await acquireSlot('export.pdf')).toBeUndefined();
  expect(await acquireSlot('evidence.sync')).toBeDefined();
  first![Symbol.dispose]();
  expect(await acquireSlot('export.pdf')).toBeDefined();
  expect(await acquireSlot('export.pdf')).toBeUndefined();
});

test('waiting calls get a slot in the order in which they arrived', async () => {
  const acquireSlot = createConcurrencyLimit({ 'export.pdf': 1 }, 60_000);
  const order: string[] = [];
  const first = await acquireSlot('export.pdf');
  const waiting = ['first', 'second', 'third'].map(async (name) => {
    using _ = await acquireSlot('export.pdf');
    order.push(name);
  });
  first![Symbol.dispose]();
  await Promise.all(waiting);
  expect(order).toEqual(['first', 'second', 'third']);
});

test('an unknown kind has no slot', async () => {
  expect(await createConcurrencyLimit({ 'export.pdf': 1 })('some.new-kind')).toBeUndefined();
});
