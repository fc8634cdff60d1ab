import { expect, test } from 'vitest';
import { readPersonalData } from './read-personal-data.ts';

test('short personal data is one document', async () => {
  expect(await readPersonalData(async () => ({ continueBefore: null }))).toEqual({ continueBefore: null });
});

test('longer personal data is read to its end, each part from where the previous one stopped', async () => {
  const parts = new Map([
    [undefined, { jobs: 3, continueBefore: 'b' }],
    ['b', { jobs: 2, continueBefore: 'a' }],
    ['a', { jobs: 1, continueBefore: null }],
  ]);
  expect(await readPersonalData(async (before) => parts.get(before)!)).toEqual([...parts.values()]);
});
