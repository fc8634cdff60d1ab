import { expect, test } from 'vitest';
import { idOf, newId } from './ids.ts';

test('ids sort by the time of their creation, also within a millisecond', () => {
  const ids = Array.from({ length: 2000 }, () => newId('job'));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the schema of an id takes those of its noun and nothing else', () => {
  const schema = idOf('job');
  const id = newId('job');
  expect(schema.parse(id)).toBe(id);
  for (const other of [
    newId('caseStudy'),
    id.slice(0, -1),
    `${id}0`,
    id.toUpperCase(),
    ` ${id}`,
    `${id}\n`,
    '',
  ]) {
    expect(schema.safeParse(other).success).toBe(false);
  }
});
