import { OMIT_HEADERS, formatPatch, structuredPatch } from 'diff';
import { isDeepStrictEqual } from 'node:util';

/** A field that differs: its dotted name, its current value and its new one; undefined stands for a missing value. */
export type Difference = { field: string; before: unknown; after: unknown };

type Fields = Record<string, unknown>;

/** The fields of `after` that differ from `before`, recursively as far as both have the same shape. */
export function differencesOf(before: Fields, after: Fields, within = ''): Difference[] {
  return Object.entries(after).flatMap(([name, wanted]) => {
    const field = within + name;
    const found = before[name];
    if (isDeepStrictEqual(found, wanted)) return [];
    if (Array.isArray(found) && Array.isArray(wanted)) return differencesOfLists(found, wanted, field);
    if (isFields(found) && isFields(wanted)) return differencesOf(found, wanted, `${field}.`);
    return [{ field, before: found, after: wanted }];
  });
}

function differencesOfLists(before: unknown[], after: unknown[], field: string): Difference[] {
  const indexes = Array.from({ length: Math.max(before.length, after.length) }, (_, index) => index);
  const asFields = (list: unknown[]) =>
    Object.fromEntries(indexes.map((index) => [String(index), list[index]]));
  return differencesOf(asFields(before), asFields(after), `${field}.`);
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const maxLines = 40;
const maxCharacters = 160;
/** Comparisons time out after this: some would take minutes. */
const maxMilliseconds = 500;

/** A difference as lines to print: before → after, or a line-by-line diff of a multi-line text. */
export function describeDifference({ field, before, after }: Difference): string[] {
  const isText = typeof before === 'string' && typeof after === 'string';
  if (!isText || !`${before}${after}`.includes('\n'))
    return [`${field}: ${shorten(before)} → ${shorten(after)}`];
  const options = { context: 1, timeout: maxMilliseconds };
  const patch = structuredPatch('', '', before, after, undefined, undefined, options);
  if (!patch) return [`${field}: the difference is too large to show`];
  const lines = formatPatch(patch, OMIT_HEADERS).trimEnd().split('\n');
  const more = lines.length - maxLines;
  const shown = lines.slice(0, maxLines).map((line) => cut(line));
  return [`${field}:`, ...shown, ...(more > 0 ? [`… and ${more} more lines`] : [])];
}

const shorten = (value: unknown) => (value === undefined ? 'nothing' : cut(JSON.stringify(value)));

const cut = (line: string) => (line.length > maxCharacters ? `${line.slice(0, maxCharacters)}…` : line);
