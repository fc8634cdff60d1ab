import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readHistory } from './releases.ts';
import { findLostForms } from './stored-forms.ts';
import { stateOf } from './testing.ts';

test('this repository has every form of stored JSON that its last release had', () => {
  expect(findLostForms(readHistory(fileURLToPath(new URL('..', import.meta.url))))).toEqual([]);
});

const state = (forms: object) => stateOf('0.1.0', { 'packages/core/src/stored-forms.json': forms });
const lost = (before: object, after: object) =>
  findLostForms({ releases: [state(before)], tree: state(after) }).join('\n');

test('a form may be added, but none changed or removed', () => {
  const before = { 'jobs.error': [{ code: 'a' }] };
  expect(lost(before, { 'jobs.error': [{ code: 'a' }, { code: 'a', more: 1 }], 'jobs.more': [] })).toBe('');
  expect(lost(before, { 'jobs.error': [{ code: 'a', more: 1 }] })).toContain(
    'lacks a form that 0.1.0 wrote: {"code":"a"}',
  );
  expect(lost(before, {})).toContain('"jobs.error"');
});
