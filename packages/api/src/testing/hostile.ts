import type { AnyOperation } from '@portfolio/core/operation';
import * as fc from 'fast-check';
import { z } from 'zod';

/** JSON as text, since JavaScript values cannot represent all hostile JSON: `-0`, `1e400`, duplicate names. */
export type Json = string;

/** The fields of an input, each as JSON. Not an object, since it could not have a field named `__proto__`. */
export type Fields = readonly (readonly [name: string, json: Json])[];

export const objectOf = (fields: Fields): Json =>
  `{${fields.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;

const nested = 10_000;
const large = 100_000;

const strings = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udc00\ud800',
  '\u202eright to left\u202c',
  '\ufeff',
  '\u2028',
  '👩‍👩‍👧‍👦',
  'e\u0301'.repeat(50),
  '𒈙'.repeat(100),
  'ﷺ',
  'İ',
  'ß',
  '１２',
  '\u007f\x1B[2J',
  '\r\nSet-Cookie: a=b',
  "'; drop table portfolios; --",
  '" or 1=1',
  '%',
  '_',
  '\\',
  '$1',
  '{}',
  '{{7*7}}',
  '${7*7}',
  '<script>',
  '../../etc/passwd',
  '..%2f..%2f',
  '/',
  '.',
  '..',
  '%00',
  '%',
  '%zz',
  'C:\\',
  'file:///etc/passwd',
  'http://127.0.0.1:1/',
  'https://[::1]/',
  'https://user:pass@host/',
  'javascript:alert(1)',
  'https://',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  '-1',
  '1e400',
  '0x10',
  '1_000',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '+275760-09-13T00:00:00Z',
  '-000001-01-01T00:00:00Z',
  '2026-02-30',
  '2026-13',
  '2026-11-22T24:00:00Z',
  '2026-11-22T23:59:60Z',
  '2026-11-22T00:00:00+14:00',
  'P1D',
  '-P1D',
  'PT1S',
  'P99999999Y',
  '1 day',
  'infinity',
  'epoch',
  'now',
  'job_00000000000000000000000000',
  'cs_7zzzzzzzzzzzzzzzzzzzzzzzzz',
  'pf_8zzzzzzzzzzzzzzzzzzzzzzzzz',
  'job_',
  'a'.repeat(80),
  'a'.repeat(81),
  'ab'.repeat(32),
  'x'.repeat(large),
  '😀'.repeat(large / 4),
  '-'.repeat(large),
  'eyJhbGciOiJub25lIn0.e30.',
  'e30',
  'bnVsbA',
  'W10',
  'eyJhIjoxfQ==',
  'AAAA',
  '////',
];

const numbers = [
  '0',
  '-0',
  '-1',
  '0.5',
  '1e400',
  '-1e400',
  '1e-400',
  '1.0',
  '2147483647',
  '2147483648',
  '-2147483649',
  '9007199254740991',
  '9007199254740992',
  '9223372036854775807',
  '9223372036854775808',
  '1e15',
  '1e308',
  `1${'0'.repeat(400)}`,
];

const shapes = [
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '[{}]',
  '{"":""}',
  '{"__proto__":{"a":1}}',
  '{"constructor":{"prototype":{"a":1}}}',
  '{"a":1,"a":2}',
  '{"toString":1,"valueOf":1,"then":1}',
  '{"length":-1}',
  '['.repeat(nested) + ']'.repeat(nested),
  '{"a":'.repeat(nested) + '1' + '}'.repeat(nested),
  `[${'0,'.repeat(20_000)}0]`,
  `{${Array.from({ length: 5000 }, (_, at) => `"k${at}":0`).join(',')}}`,
];

/** Any JSON, mostly values that are known to cause errors. */
function hostileJson(known: readonly string[]): fc.Arbitrary<Json> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...strings, ...known).map((text) => JSON.stringify(text)) },
    { weight: 2, arbitrary: fc.constantFrom(...numbers) },
    { weight: 2, arbitrary: fc.constantFrom(...shapes) },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)) },
  );
}

type Schema = {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
};

/** Values at the bounds of a schema, just accepted or just refused, with hostile content. */
function nearSchema(schema: Schema, hostile: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants) return fc.oneof(...variants.map((variant) => nearSchema(variant, hostile)));
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const]);
  if (values) return fc.constantFrom(...values, 'unheard-of').map((value) => JSON.stringify(value));
  const { type } = schema;
  if (type === 'integer' || type === 'number') {
    const { minimum = 0, maximum = 1000 } = schema;
    const near = [minimum - 1, minimum, minimum + 0.5, maximum, maximum + 1];
    return fc.constantFrom(...near.map(String), ...numbers);
  }
  if (type === 'string') {
    const { minLength = 1, maxLength = 1000 } = schema;
    const lengths = [minLength - 1, minLength, maxLength, maxLength + 1].filter((length) => length >= 0);
    const repeated = fc
      .constantFrom(...lengths)
      .map((length) => JSON.stringify('a'.repeat(Math.min(length, large))));
    return fc.oneof(repeated, hostile);
  }
  if (type === 'array') {
    const item = nearSchema(schema.items ?? {}, hostile);
    const many = fc
      .tuple(item, fc.constant(Math.min((schema.maxItems ?? 1000) + 1, 6000)))
      .filter(([json]) => json.length < 1000)
      .map(([json, count]) => Array.from({ length: count }, () => json));
    return fc.oneof(fc.array(item, { maxLength: 3 }), many).map((items) => `[${items.join(',')}]`);
  }
  if (type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, field]) =>
      fc.option(nearSchema(field, hostile), { freq: 4 }).map((json) => [name, json] as const),
    );
    return fc
      .tuple(...fields)
      .map((all) => objectOf(all.filter((field): field is [string, Json] => field[1] !== null)));
  }
  return hostile;
}

/** Hostile values that a field accepts, so that they reach the database. */
function acceptedBy(field: z.core.$ZodType | undefined, known: readonly string[]): Json[] {
  if (field === undefined) return [];
  const candidates: unknown[] = [...strings, ...known, ...numbers.map(Number), null, [], {}, true];
  const lists = [...strings, ...known].map((text) => [text]);
  return [...candidates, ...lists]
    .filter((value) => z.safeParse(field, value).success)
    .map((value) => JSON.stringify(value));
}

/**
 * Invalid inputs of an operation: a valid one with fields changed, removed or added. `known` are existing strings, such
 * as ids and cursors of other portfolios.
 */
export function hostileFields(
  { input }: AnyOperation,
  good: object,
  known: readonly string[],
): fc.Arbitrary<Fields> {
  const { properties = {} } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Schema;
  const hostile = hostileJson(known);
  const goodFields = new Map(Object.entries(good).map(([name, value]) => [name, JSON.stringify(value)]));
  const changed = fc
    .constantFrom(...new Set([...Object.keys(properties), ...goodFields.keys(), 'portfolio']))
    .chain((name) => {
      const near = nearSchema(properties[name] ?? {}, hostile);
      const accepted = acceptedBy(input.shape[name], known);
      const json = fc.oneof(
        { weight: accepted.length > 0 ? 6 : 0, arbitrary: fc.constantFrom(...accepted, 'null') },
        { weight: 2, arbitrary: near },
        { weight: 1, arbitrary: hostile },
      );
      return json.map((value): Change => [name, value]);
    });
  const dropped = fc.constantFrom(...Object.keys(good), 'none').map((name): Change => [name, null]);
  const added = fc
    .tuple(
      fc.constantFrom('__proto__', 'constructor', 'extra', '', 'a/b~c', '\ud800', 'id', 'tenant'),
      hostile,
    )
    .map((field): Change => field);
  const change = fc.oneof(
    { weight: 12, arbitrary: changed },
    { weight: 1, arbitrary: dropped },
    { weight: 1, arbitrary: added },
  );
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const fields = new Map(goodFields);
    for (const [name, json] of changes) {
      if (json === null) fields.delete(name);
      else fields.set(name, json);
    }
    return [...fields];
  });
}

type Change = [name: string, json: Json | null];

/** A whole body, which may be neither an object nor JSON. */
export const hostileBody: fc.Arbitrary<string> = fc.oneof(
  hostileJson([]),
  fc.constantFrom(
    '',
    '{',
    '{"a":',
    '[',
    'undefined',
    '\0',
    '{"a":1}{"b":2}',
    "{'a':1}",
    '{"a":\u00a01}',
    '\ufeff{}',
    'a=b&c=d',
  ),
);

const names = [
  'if-match',
  'if-none-match',
  'idempotency-key',
  'last-event-id',
  'accept',
  'content-type',
  'authorization',
];

/** Headers that a client may send by mistake or on purpose, within the syntax of HTTP. */
export const hostileHeaders: fc.Arbitrary<Record<string, string>> = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(
        ...names,
        'content-encoding',
        'prefer',
        'x-forwarded-for',
        'range',
        'origin',
        'accept-language',
      ),
      fc.oneof(
        fc.constantFrom(
          '',
          '*',
          '"1"',
          'W/"1"',
          '"1", "2"',
          '"-1"',
          '"99999999999999999999"',
          '"',
          '1',
          '0',
          '-1',
        ),
        fc.constantFrom(
          'a b',
          'x'.repeat(256),
          'x'.repeat(4000),
          '\xff\xfe',
          'é',
          ',',
          ';',
          '=',
          'null',
          '__proto__',
        ),
        fc.constantFrom(
          'text/html',
          'application/xml;q=x',
          '*/*;q=0',
          'a/b;c="',
          'application/json; charset=utf-16',
        ),
        fc.constantFrom(
          'multipart/form-data',
          'image/png',
          'application/json, text/plain',
          'gzip',
          'bytes=0-1',
        ),
        fc.constantFrom(
          'Bearer',
          'Bearer ',
          'Bearer a.b.c',
          'Basic eDp5',
          'Bearer pk_',
          'bearer \xff',
          '2026-01-01T00:00:00Z',
        ),
      ),
    ),
    { maxLength: 3, selector: ([name]) => name },
  )
  .map((headers) => Object.fromEntries(headers));

/** Query strings. */
export const hostileQuery: fc.Arbitrary<string> = fc.constantFrom(
  '',
  '',
  '',
  '?',
  '?limit=',
  '?limit=1&limit=2',
  '?limit[]=1',
  '?limit[a]=1',
  '?__proto__=1',
  '?__proto__[a]=1',
  '?%',
  '?%ff=%ff',
  '?a=%00',
  '?cursor=%ED%A0%80',
  '?constructor=1',
  '?=1',
  '?&&&',
  '?portfolio=other',
  '?input=1',
  `?${'a=1&'.repeat(1500)}`,
  `?cursor=${'x'.repeat(8000)}`,
);
