import { describe, expect, test } from 'vitest';
import { accepted } from './negotiate.ts';

const best = (accept?: string) =>
  accepted({ headers: accept === undefined ? {} : { accept } }, ['application/json', 'text/markdown']);

describe('content negotiation', () => {
  test.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['application/*', 'application/json'],
    ['text/markdown', 'text/markdown'],
    ['Text/Markdown; charset=utf-8, text/markdown', 'text/markdown'],
    ['text/*, application/json;q=0.1', 'text/markdown'],
    ['application/json;q=0.5, text/markdown;q=0.6', 'text/markdown'],
    ['text/markdown;q=0, */*', 'application/json'],
  ])('answers Accept: %s with %s', (accept, type) => {
    expect(best(accept)).toBe(type);
  });

  test.each(['text/html', 'application/json;q=0', '', 'nonsense', 'application/jso', ';;;,,,'])(
    'refuses Accept: %j with the available media types',
    (accept) => {
      expect(() => best(accept)).toThrow(
        expect.objectContaining({
          code: 'not_acceptable',
          message: expect.stringContaining('application/json, text/markdown') as string,
        }),
      );
    },
  );
});
