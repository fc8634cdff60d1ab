import type { z } from 'zod';
import { AppError, type FieldError, invalidInput, maxFieldErrors } from './errors.ts';

/** Parses the input of an operation. Throws `invalid_input` with one error for each field that is wrong. */
export function parseInput<I extends z.ZodObject>(schema: I, raw: unknown): z.output<I> {
  if ('expectedVersion' in schema.shape) requireExpectedVersion(raw);
  const parsed = schema.safeParse(raw ?? {}, { error: describeIssue });
  if (parsed.success) return parsed.data;
  // The first error of a field explains its other ones.
  const byField = Map.groupBy(parsed.error.issues.flatMap(toFieldErrors), ({ pointer }) => pointer);
  throw invalidInput([...byField.values()].map(([first]) => first!));
}

function requireExpectedVersion(raw: unknown) {
  if (typeof raw === 'object' && raw !== null && 'expectedVersion' in raw) return;
  throw new AppError(
    'precondition_required',
    'Expected the version that you read: its ETag in `If-Match` (REST), or `expectedVersion` (tRPC).',
  );
}

function toFieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: pointerTo(issue.path), detail: issue.message }];
  return issue.keys
    .slice(0, maxFieldErrors)
    .map((key) => ({ pointer: pointerTo([...issue.path, key]), detail: issue.message }));
}

/** Clients may send names of megabytes, and errors repeat them. */
const maxNameCharacters = 100;

/** A JSON pointer (RFC 6901) in which very long names are shortened. */
function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${shortened(String(key)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

const shortened = (name: string) =>
  name.length > maxNameCharacters ? `${name.slice(0, maxNameCharacters)}…` : name;

/**
 * The message for a zod issue without a message of its schema, in terms of JSON. Pass it to zod as `error`. It covers
 * every issue, so that no text of zod reaches a client.
 */
export function describeIssue(issue: z.core.$ZodRawIssue): string {
  if (issue.code === 'unrecognized_keys') return 'There is no such field.';
  const isMissing = issue.input === undefined && issue.code !== 'custom';
  return `Expected ${expectedBy(issue)}${isMissing ? ', but the field is missing' : ''}.`;
}

function expectedBy(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return expectedType(issue);
    case 'invalid_value':
      return oneOf(issue.values.map(quote));
    case 'invalid_format':
      return expectedFormat(issue);
    case 'invalid_union':
      return expectedAlternatives(issue);
    case 'too_big':
      return size(issue, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'too_small':
      return size(issue, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    default:
      return 'another value';
  }
}

const types: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'a boolean',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function expectedType({ expected, input }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  const type = types[expected] ?? 'another type';
  if (input === undefined || (expected === 'int' && typeof input === 'number')) return type;
  return `${type}, not ${typeOf(input)}`;
}

function typeOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'an array';
  if (typeof input === 'number' && !Number.isFinite(input)) return String(input);
  return types[typeof input] ?? 'another type';
}

const formats: Record<string, string> = {
  datetime: 'a time in UTC such as "2026-11-22T10:00:00Z"',
  base64: 'base64 text',
  base64url: 'base64url text',
  url: 'an absolute URL',
};

function expectedFormat({
  format,
  pattern,
}: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidStringFormat>): string {
  return formats[format] ?? (pattern === undefined ? 'another format' : `text that matches ${pattern}`);
}

/** Lists the first expectation of each alternative, unless one concerns a nested field: that would be misleading. */
function expectedAlternatives({ errors }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const first = errors.flatMap(([issue]) => issue ?? []);
  if (first.length === 0 || first.some(({ path }) => path.length > 0)) return 'another form';
  const expected = first.map(({ message }) => message.replaceAll(/^Expected |, (not|but) .*|\.$/g, ''));
  return oneOf([...new Set(expected)]);
}

const units: Record<string, string> = { string: 'character', array: 'item' };

type Limited = { origin: string; exact?: boolean | undefined };

function size({ origin, exact }: Limited, limit: number | bigint, relation: string): string {
  const unit = units[origin];
  const plural = Number(limit) === 1 ? '' : 's';
  const amount = unit === undefined ? String(limit) : `${limit.toLocaleString('en')} ${unit}${plural}`;
  return `${exact ? 'exactly' : relation} ${amount}`;
}

const quote = (value: unknown) => (typeof value === 'string' ? `"${value}"` : String(value));

const list = new Intl.ListFormat('en-GB', { type: 'disjunction' });
const oneOf = (values: string[]) => list.format(values);
