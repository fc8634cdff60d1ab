import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { describeIssue, parseInput } from './input.ts';

const version = z.union([z.int().min(1), z.literal('*')]);
const shapes = z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.string() })]);
const kinds = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('a') }),
  z.object({ kind: z.literal('b') }),
]);

test.each<[code: string, schema: z.ZodType, value: unknown, message: string]>([
  ['invalid_type', z.string(), undefined, 'Expected a string, but the field is missing.'],
  ['invalid_type', z.string(), 7, 'Expected a string, not a number.'],
  ['invalid_type', z.number(), Number.NaN, 'Expected a number, not NaN.'],
  ['invalid_type', z.int(), 1.5, 'Expected a whole number.'],
  ['invalid_type', z.boolean(), null, 'Expected a boolean, not null.'],
  ['invalid_type', z.strictObject({}), [], 'Expected an object, not an array.'],
  ['invalid_type', z.array(z.string()), {}, 'Expected an array, not an object.'],
  ['invalid_type', z.map(z.string(), z.string()), 'x', 'Expected another type, not a string.'],
  ['too_small', z.string().min(1), '', 'Expected at least 1 character.'],
  ['too_small', z.array(z.string()).min(2), [], 'Expected at least 2 items.'],
  ['too_small', z.number().min(1), 0, 'Expected at least 1.'],
  ['too_small', z.number().gt(1), 1, 'Expected more than 1.'],
  ['too_small', z.string().length(2), 'a', 'Expected exactly 2 characters.'],
  ['too_big', z.string().max(2000), 'x'.repeat(2001), 'Expected at most 2,000 characters.'],
  ['too_big', z.array(z.string()).max(1), ['a', 'b'], 'Expected at most 1 item.'],
  ['too_big', z.number().max(9), 10, 'Expected at most 9.'],
  ['too_big', z.number().lt(9), 9, 'Expected less than 9.'],
  ['invalid_format', z.iso.datetime(), 'soon', 'Expected a time in UTC such as "2026-11-22T10:00:00Z".'],
  ['invalid_format', z.base64(), '!', 'Expected base64 text.'],
  ['invalid_format', z.base64url(), '!', 'Expected base64url text.'],
  ['invalid_format', z.url(), 'nowhere', 'Expected an absolute URL.'],
  ['invalid_format', z.string().regex(/^a+$/), 'b', 'Expected text that matches /^a+$/.'],
  ['invalid_format', z.string().startsWith('a'), 'b', 'Expected another format.'],
  ['invalid_value', z.enum(['a', 'b', 'c']), 'd', 'Expected "a", "b" or "c".'],
  ['invalid_value', z.enum(['a', 'b']), undefined, 'Expected "a" or "b", but the field is missing.'],
  ['invalid_value', z.literal('*'), 1, 'Expected "*".'],
  ['unrecognized_keys', z.strictObject({}), { a: 1 }, 'There is no such field.'],
  ['invalid_union', version, 'x', 'Expected a number or "*".'],
  ['invalid_union', version, 1.5, 'Expected a whole number or "*".'],
  ['invalid_union', version, undefined, 'Expected a number or "*", but the field is missing.'],
  ['invalid_union', shapes, {}, 'Expected another form.'],
  ['invalid_union', kinds, { kind: 'c' }, 'Expected another form.'],
  ['invalid_key', z.record(z.string().max(1), z.string()), { ab: '' }, 'Expected another value.'],
  ['not_multiple_of', z.number().multipleOf(5), 3, 'Expected a multiple of 5.'],
  ['custom', z.string().refine(() => false), 'x', 'Expected another value.'],
])('an issue %s has a message of the platform (%#)', (code, schema, value, message) => {
  expect(schema.safeParse(value, { error: describeIssue }).error?.issues).toMatchObject([{ code, message }]);
});

describe('parsing the input of an operation', () => {
  test('uses the message of a schema that has one', () => {
    const schema = z.strictObject({ month: z.string().regex(/^\d{4}-\d\d$/, 'Expected a month.') });
    expect(() => parseInput(schema, { month: 'May' })).toThrow('Invalid input. /month: Expected a month.');
  });

  test('names every field that is wrong, by a JSON pointer', () => {
    const schema = z.strictObject({ list: z.array(z.int()), 'a/b~c': z.string() });
    expect(() => parseInput(schema, { list: [1, 'x'], 'a/b~c': 2, extra: 3 })).toThrow(
      expect.objectContaining({
        code: 'invalid_input',
        fields: [
          { pointer: '/list/1', detail: 'Expected a number, not a string.' },
          { pointer: '/a~1b~0c', detail: 'Expected a string, not a number.' },
          { pointer: '/extra', detail: 'There is no such field.' },
        ],
      }),
    );
  });

  test('shortens the name of an unknown field in its error', () => {
    const name = 'k'.repeat(1_000_000);
    expect(() => parseInput(z.strictObject({}), { [name]: 1 })).toThrow(
      expect.objectContaining({ fields: [{ pointer: `/${'k'.repeat(100)}…`, detail: expect.any(String) }] }),
    );
  });

  test('reports the first error of a field only', () => {
    const schema = z.strictObject({
      at: z.iso.datetime().refine((text) => text < '3', 'Expected a past time.'),
    });
    expect(() => parseInput(schema, { at: 'soon' })).toThrow(
      expect.objectContaining({
        fields: [{ pointer: '/at', detail: expect.stringContaining('a time in UTC') }],
      }),
    );
  });

  test('requires a version before it reads the other fields of a change', () => {
    const schema = z.strictObject({ expectedVersion: version, name: z.string() });
    expect(() => parseInput(schema, { name: 1 })).toThrow(
      expect.objectContaining({ code: 'precondition_required' }),
    );
  });
});
