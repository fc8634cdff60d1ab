import type { z } from 'zod';

const names: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'fields',
  null: 'nothing',
};

function nameOf(input: unknown): string {
  if (input === null) return names.null!;
  if (Array.isArray(input)) return names.array!;
  return names[typeof input] ?? typeof input;
}

/**
 * The message for an invalid value in a file, in words for people who write files, not schemas. For zod's `error` option;
 * undefined for issues whose own message is suitable.
 */
export function inPlainWords(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  if (input === undefined) return 'Expected this field, but it is missing.';
  switch (issue.code) {
    case 'invalid_type': {
      const quotes = issue.expected === 'string' && typeof input === 'number' ? ': put it into quotes' : '';
      return `Expected ${names[issue.expected] ?? issue.expected}, not ${nameOf(input)}${quotes}.`;
    }
    case 'invalid_value':
      return `Expected ${issue.values.map((value) => `"${String(value)}"`).join(' or ')}.`;
    case 'unrecognized_keys':
      return 'There is no such field.';
    case 'too_big':
      return `Expected at most ${sizeOf(issue.origin, issue.maximum)}.`;
    case 'too_small':
      return `Expected at least ${sizeOf(issue.origin, issue.minimum)}.`;
    default:
      return undefined;
  }
}

function sizeOf(origin: string, size: number | bigint): string {
  const unit = { string: ' characters', array: ' items' }[origin] ?? '';
  return `${size.toLocaleString('en')}${unit}`;
}
