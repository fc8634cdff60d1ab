import { describeIssue } from '@portfolio/core/input';
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
 * Describes an invalid value in a file, in words for people who write files, not for API clients. For zod's option `error`.
 */
export function inPlainWords(issue: z.core.$ZodRawIssue): string {
  const { input } = issue;
  if (input === undefined) return 'Expected this field, but it is missing.';
  if (issue.code !== 'invalid_type') return describeIssue(issue);
  const quotes = issue.expected === 'string' && typeof input === 'number' ? ': put it into quotes' : '';
  return `Expected ${names[issue.expected] ?? issue.expected}, not ${nameOf(input)}${quotes}.`;
}
