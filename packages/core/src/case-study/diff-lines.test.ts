import { applyPatch } from 'diff';
import { expect, test } from 'vitest';
import { diffLines } from './diff-lines.ts';

const lines = (count: number, mark: string) =>
  Array.from({ length: count }, (_, at) => `${mark}${at}\n`).join('');

/** The turns of the event loop until a comparison is done. */
async function turnsDuring(comparison: Promise<unknown>) {
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 0);
  await comparison;
  clearInterval(counting);
  return turns;
}

test('a comparison lets the event loop run between its steps', async () => {
  const comparison = diffLines(lines(100, 'a'), lines(100, 'b'));
  expect(await turnsDuring(comparison)).toBeGreaterThan(50);
  expect(await comparison).not.toBeNull();
});

test('a text of which 450 lines were replaced is compared, and one of which 550 were is too different', async () => {
  const before = lines(2_000, 'a');
  const after = (replaced: number) => lines(replaced, 'b') + before.split('\n').slice(replaced).join('\n');
  const patch = await diffLines(before, after(450));
  expect(applyPatch(before, patch!)).toBe(after(450));
  expect(await diffLines(before, after(550))).toBeNull();
});

test('texts of more than 100,000 lines are not compared', async () => {
  const text = '\n'.repeat(50_000);
  expect(await diffLines(text, text)).toBeNull();
});
