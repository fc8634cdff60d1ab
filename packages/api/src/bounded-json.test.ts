import { expect, test } from 'vitest';
import { requireBoundedJson } from './bounded-json.ts';

const check = (text: string) => requireBoundedJson(Buffer.from(text));
const refusal = expect.objectContaining({ code: 'malformed_request' }) as Error;

test.each([
  ['32 levels', '['.repeat(32) + ']'.repeat(32)],
  ['brackets in strings', JSON.stringify({ body: '[{'.repeat(100_000) })],
  ['brackets after an escaped quotation mark', JSON.stringify({ body: `"${'[{'.repeat(100_000)}` })],
  ['backslashes before the end of a string', JSON.stringify(['\\', '\\\\', '"\\"', '[['.repeat(50_000)])],
  ['99,998 numbers', `[${Array(99_999).fill(0).join(',')}]`],
  ['a string without an end', '"[[[[[[['.padEnd(200_000, '[')],
  ['nothing', ''],
])('JSON with %s is read', (_, text) => {
  expect(() => check(text)).not.toThrow();
});

test.each([
  ['33 levels of arrays', '['.repeat(33)],
  ['levels of objects', '{"a":'.repeat(33)],
  ['levels after a string that ends with a backslash', `["\\\\",${'['.repeat(33)}`],
  ['100,001 numbers', `[${Array(100_001).fill(0).join(',')}]`],
  ['many names', `{${Array.from({ length: 60_000 }, (__, at) => `"k${at}":1`).join(',')}}`],
  ['many objects', `[${Array(60_000).fill('{}').join(',')}]`],
  ['many strings without separators', '""'.repeat(100_001)],
])('JSON with %s is refused', (_, text) => {
  expect(() => check(text)).toThrow(refusal);
});
