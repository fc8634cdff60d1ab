import { describe, expect, test } from 'vitest';
import { line, slugSchema, storedLine, text } from './text.ts';

describe('text', () => {
  const schema = text(5);

  test.each(['', 'déjà', '日本語', '👩‍💻', 'a\nb\t', '\u0001'])('may be %j, and is not changed', (value) => {
    expect(schema.parse(value)).toBe(value);
  });

  test.each(['123456', 'a\0b', '\ud800', 'a\udc00'])('may not be %j', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });
});

describe('a line', () => {
  const schema = line(5);

  test('is trimmed', () => {
    expect(schema.parse(' a b\n')).toBe('a b');
  });

  test.each([
    '',
    ' ',
    '\t\n',
    'a\nb',
    'a\rb',
    'a\u0085b',
    'a\u2028b',
    'a\u2029b',
    'a\u001bb',
    '123456',
    '\ud800',
    'a\u202eb',
    'a\u2066b',
  ])('may not be %j', (value) => {
    expect(schema.safeParse(value).success).toBe(false);
  });

  test.each(['\u200fאב', 'a\u200eb', '\u061cبا', 'می\u200cشد'])(
    'may be %j, which texts from right to left need',
    (value) => {
      expect(schema.parse(value)).toBe(value);
    },
  );

  test('that an earlier release has stored is read, also with controls of direction', () => {
    expect(storedLine(5).parse('a\u202eb')).toBe('a\u202eb');
    expect(storedLine(5).safeParse('a\nb').success).toBe(false);
  });
});

describe('a slug', () => {
  test.each(['a', '7', 'faster-reads', 'a-1-b', 'x'.repeat(80)])('may be %s', (value) => {
    expect(slugSchema.parse(value)).toBe(value);
  });

  test.each(['', '-', 'a-', '-a', 'a--b', 'A', 'a_b', 'a.b', 'a/b', '..', 'é', 'a\n', 'x'.repeat(81)])(
    'may not be %j',
    (value) => {
      expect(slugSchema.safeParse(value).success).toBe(false);
    },
  );
});
