import { expect, test } from 'vitest';
import { createRoom } from './room.ts';

test('a kind has so many places, and one that is left can be taken again', () => {
  const room = createRoom({ 'export.pdf': 2, 'evidence.sync': 1 });
  const [first, second] = [room('export.pdf'), room('export.pdf')];
  expect(first).toBeDefined();
  expect(second).toBeDefined();
  expect(room('export.pdf')).toBeUndefined();
  expect(room('evidence.sync')).toBeDefined();
  first![Symbol.dispose]();
  expect(room('export.pdf')).toBeDefined();
  expect(room('export.pdf')).toBeUndefined();
});

test('a kind that this worker does not know has no place', () => {
  expect(createRoom({ 'export.pdf': 1 })('some.new-kind')).toBeUndefined();
});
