import { expect, test } from 'vitest';
import { firstIdAt, idOf, newId } from './ids.ts';

test('ids sort by creation time, also within a millisecond', () => {
  const ids = Array.from({ length: 2000 }, () => newId('job'));
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
});

test('firstIdAt separates ids created before a time from those created at that time or later', () => {
  const before = Date.now();
  const id = newId('job');
  const after = Date.now() + 1;
  expect(idOf('job').parse(firstIdAt('job', before))).toBe(firstIdAt('job', before));
  expect([firstIdAt('job', before), id, firstIdAt('job', after)]).toEqual(
    [id, firstIdAt('job', after), firstIdAt('job', before)].toSorted(),
  );
  expect(firstIdAt('job', Date.parse('0001-01-01')) < id).toBe(true);
  expect(firstIdAt('job', Date.parse('9999-12-31')) > id).toBe(true);
});

test('the schema of an id accepts only ids of its resource', () => {
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
