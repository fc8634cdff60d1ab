import { expect, test } from 'vitest';
import { maxSlugLength, slugOf, slugPattern } from './slug.ts';

test.each([
  ['Faster Reads!', 'faster-reads'],
  ['  Überall – Café 24 ', 'uberall-cafe-24'],
  ['日本', ''],
  [`${'a'.repeat(79)} b`, 'a'.repeat(79)],
])('the address suggested for “%s” is “%s”', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test('every suggested address is one that the API accepts', () => {
  const suggested = ['-a--b-', 'A'.repeat(200), `${'a'.repeat(79)}-b`, '1 + 1 = 2'].map(slugOf);
  for (const slug of suggested)
    expect(slug).toMatch(new RegExp(`^(?=.{1,${maxSlugLength}}$)${slugPattern}$`));
});
