import { beforeAll, describe, expect, test } from 'vitest';

import { colors } from '../theme.ts';
import { allLines } from './lines.ts';
import { plainLook } from './text.ts';
import type { Line, Span } from './text.ts';
import { face, openTypefaces, openTypefacesFor } from './typefaces.ts';

const type = { size: 10, leading: 14 };
const width = 120;

function span(text: string, bold = false): Span {
  return { kind: 'text', text, look: plainLook(bold ? 'bold' : 'regular', 10, colors.ink) };
}

function textOf({ pieces }: Line): string {
  const runs = pieces.flatMap(({ content }) => ('runs' in content ? content.runs : []));
  return runs.flatMap(({ texts }) => texts).join('');
}

beforeAll(async () => {
  await openTypefaces();
  await openTypefacesFor('中한');
});

describe('breaking lines', () => {
  test('no line is wider than the column, and the text is complete', () => {
    const text = 'It is the lease that matters, not the worker; unbelievablylongwordswithoutanyspaces too.';
    const lines = allLines([span(text)], width, type);
    expect(Math.max(...lines.map((line) => line.width))).toBeLessThanOrEqual(width);
    expect(lines.map(textOf).join('')).toBe(text);
  });

  test('a word with a change of look inside is not broken', () => {
    const lines = allLines(
      [span('some words before the un'), span('break', true), span('able end')],
      width,
      type,
    );
    expect(lines.map(textOf)).toContain('unbreakable end');
  });

  test('Chinese is broken between letters, but not before a full stop', () => {
    const lines = allLines([span('我们测量了十五个月。我们测量了十五个月。')], 95, type);
    expect(lines.map(textOf)).toEqual(['我们测量了十五个', '月。我们测量了十五', '个月。']);
  });

  test('a line feed ends a line, an empty one too', () => {
    expect(allLines([span('one\n\ntwo')], width, type).map(textOf)).toEqual(['one', '', 'two']);
  });

  test('trailing spaces do not count for the width of a line', () => {
    const [line] = allLines([span('word   ')], width, type);
    const [word] = allLines([span('word')], width, type);
    expect(line?.width).toBeCloseTo(word?.width ?? 0);
  });
});

test('kerning equals the result of the font library’s shaping', () => {
  const { font } = face('regular');
  for (const pair of ['AV', 'To', 'Te', 'Ly', 'r.', 'ab', 'Ау', 'Το']) {
    const [line] = allLines([span(pair)], width, type);
    const { advanceWidth } = font.layout(pair);
    expect(line?.width).toBeCloseTo((advanceWidth * 10) / font.unitsPerEm, 5);
  }
});
