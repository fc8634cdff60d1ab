import { isDeepStrictEqual } from 'node:util';
import type { History, State } from './releases.ts';

const path = 'packages/core/src/stored-forms.json';

/**
 * Forms of stored JSON that the last release had and the working tree lacks or has changed: databases contain them, so
 * code has to read them permanently. Empty before the first release.
 */
export function findLostForms({ releases, tree }: History): string[] {
  const released = releases.at(-1);
  if (!released) return [];
  const now = formsOf(tree);
  return Object.entries(formsOf(released)).flatMap(([column, forms]) =>
    forms
      .filter((form) => !now[column]?.some((other) => isDeepStrictEqual(other, form)))
      .map(
        (form) =>
          `${path}: "${column}" lacks a form that ${released.name} wrote: ${JSON.stringify(form)}. Restore it, and ` +
          'add the new one after it.',
      ),
  );
}

const formsOf = ({ read }: State) => JSON.parse(read(path) ?? '{}') as Record<string, unknown[]>;
