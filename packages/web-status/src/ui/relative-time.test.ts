import { expect, test } from 'vitest';
import { duration, timeAgo, timeUntil } from './relative-time.ts';

const now = Date.parse('2026-01-02T12:00:00Z');
const at = (secondsFromNow: number) => new Date(now + secondsFromNow * 1000).toISOString();

test.each([
  [0, 'just now'],
  [2.9, 'just now'],
  [3, '3 seconds ago'],
  [59.9, '59 seconds ago'],
  [60, '1 minute ago'],
  [3599, '59 minutes ago'],
  [7200, '2 hours ago'],
  [86_400 * 40, '40 days ago'],
])('%s seconds ago reads "%s"', (seconds, words) => {
  expect(timeAgo(at(-seconds), now)).toBe(words);
});

test('an instant in the future, from a server clock that is ahead, reads "just now"', () => {
  expect(timeAgo(at(90), now)).toBe('just now');
});

test.each([
  [4, 'in 4 s'],
  [3.2, 'in 4 s'],
  [99, 'in 99 s'],
  [540, 'in 9 min'],
  [0, 'now'],
  [-5, 'now'],
])('a time %s seconds ahead reads "%s"', (seconds, words) => {
  expect(timeUntil(at(seconds), now)).toBe(words);
});

test.each([
  [0.02, '0.1 s'],
  [0.84, '0.8 s'],
  [9.97, '10 s'],
  [41.4, '41 s'],
  [59.8, '1 min 0 s'],
  [125, '2 min 5 s'],
])('%s seconds between two times read "%s"', (seconds, words) => {
  expect(duration(at(0), at(seconds))).toBe(words);
});
