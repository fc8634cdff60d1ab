import { expect, test } from 'vitest';
import { findBreaks } from './openapi-changes.ts';
import type { Document, Schema } from './openapi-document.ts';

const thing: Schema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    state: { type: 'string', enum: ['on', 'off'] },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    count: { type: 'integer' },
  },
  required: ['id', 'state', 'note', 'count'],
};

const change: Schema = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 10 },
    state: { type: 'string', enum: ['on', 'off'] },
    parts: { type: 'array', items: { type: 'string' } },
  },
  required: ['name'],
};

const before: Document = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1.2.0' },
  paths: {
    '/things/{id}': {
      patch: {
        operationId: 'thing_update',
        summary: 'Change a thing.',
        description: '',
        tags: ['thing'],
        security: [{}, { bearer: ['thing:write'] }],
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
          { $ref: '#/components/parameters/Limit' },
        ],
        requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Change' } } } },
        responses: {
          200: {
            description: 'OK',
            headers: { ETag: { description: '', schema: { type: 'string' } } },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } },
          },
          404: { $ref: '#/components/responses/NotFound' },
        },
      },
    },
  },
  components: {
    schemas: { Thing: thing, Change: change },
    parameters: { Limit: { name: 'limit', in: 'query', schema: { type: 'integer', maximum: 100 } } },
    responses: { NotFound: { description: 'Not found' } },
  },
};

/** What is found when the document is changed so. */
function breaksOf(edit: (document: Document) => void): string[] {
  const after = structuredClone(before);
  edit(after);
  return findBreaks(before, after);
}

const operationOf = (document: Document) => document.paths['/things/{id}']!.patch!;
const answerOf = (document: Document) =>
  operationOf(document).responses[200] as { headers?: object; content?: object };

type Case = [what: string, edit: (document: Document) => unknown, found: string];

const schemaOf = ({ components }: Document, name: 'Thing' | 'Change') => {
  const { properties, required } = components.schemas[name]!;
  return { properties: properties!, required: required! };
};

const breaking: Case[] = [
  ['an operation is removed', ({ paths }) => delete paths['/things/{id}']!.patch, 'was removed'],
  ['it is renamed', (d) => (operationOf(d).operationId = 'thing_change'), 'operationId was thing_update'],
  ['anonymous readers are excluded', (d) => operationOf(d).security.shift(), '{} is no longer sufficient'],
  [
    'it needs another scope',
    (d) => (operationOf(d).security = [{}, { bearer: ['thing:admin'] }]),
    '{"bearer":["thing:write"]} is no longer sufficient',
  ],
  ['a parameter is removed', (d) => operationOf(d).parameters!.pop(), 'query limit was removed'],
  [
    'a parameter has to be given',
    ({ components }) => (components.parameters!.Limit!.required = true),
    'query limit is now required',
  ],
  [
    'a required header comes',
    (d) =>
      operationOf(d).parameters!.push({
        name: 'If-Match',
        in: 'header',
        required: true,
        schema: { type: 'string' },
      }),
    'header If-Match is new and required',
  ],
  [
    'a limit sinks',
    ({ components }) => (components.parameters!.Limit!.schema.maximum = 50),
    'query limit has maximum 50, was 100',
  ],
  [
    'a body becomes required',
    (d) => (operationOf(d).requestBody!.required = true),
    'the body is now required',
  ],
  ['a body is removed', (d) => delete operationOf(d).requestBody, 'the body was removed'],
  [
    'another media type is expected',
    (d) => (operationOf(d).requestBody!.content = { 'text/plain': { schema: { type: 'string' } } }),
    'body is no longer application/json',
  ],
  [
    'a field of the body is removed',
    (d) => delete schemaOf(d, 'Change').properties.state,
    'body.state was removed',
  ],
  [
    'a field has to be sent',
    (d) => schemaOf(d, 'Change').required.push('state'),
    'body.state is now required',
  ],
  [
    'a new field has to be sent',
    (d) => {
      schemaOf(d, 'Change').properties.why = { type: 'string' };
      schemaOf(d, 'Change').required.push('why');
    },
    'body.why is new and required',
  ],
  [
    'a value is no longer accepted',
    (d) => (schemaOf(d, 'Change').properties.state!.enum = ['on']),
    'body.state no longer accepts "off"',
  ],
  [
    'a field is of another type',
    (d) => (schemaOf(d, 'Change').properties.parts!.items = { type: 'integer' }),
    'body.parts[] was string and is integer',
  ],
  [
    'a field has a pattern',
    (d) => (schemaOf(d, 'Change').properties.name!.pattern = '^a'),
    'body.name has another pattern',
  ],
  [
    'other fields are refused',
    ({ components }) => (components.schemas.Change!.additionalProperties = false),
    'body no longer accepts other fields',
  ],
  ['a success status is removed', (d) => delete operationOf(d).responses[200], 'response 200 was removed'],
  [
    'a header of the response is removed',
    (d) => delete answerOf(d).headers,
    'response 200 no longer has the header ETag',
  ],
  [
    'the response has another type',
    (d) => delete answerOf(d).content,
    'response 200 is no longer application/json',
  ],
  [
    'a field of the response is removed',
    (d) => delete schemaOf(d, 'Thing').properties.count,
    'response 200.count was removed',
  ],
  [
    'a field may be missing',
    (d) => schemaOf(d, 'Thing').required.pop(),
    'response 200.count may now be missing',
  ],
  [
    'a field may be null',
    (d) => (schemaOf(d, 'Thing').properties.id = { type: ['string', 'null'] }),
    'response 200.id may now be null',
  ],
  [
    'an integer may be any number',
    (d) => (schemaOf(d, 'Thing').properties.count = { type: 'number' }),
    'response 200.count was integer and is number',
  ],
  [
    'a field may be anything',
    (d) => delete schemaOf(d, 'Thing').properties.state!.enum,
    'response 200.state is no longer limited to certain values',
  ],
];

test.each(breaking)('a client breaks when %s', (_, edit, found) => {
  expect(breaksOf(edit)).toEqual([expect.stringContaining(found)]);
});

const harmless: [what: string, edit: (document: Document) => unknown][] = [
  ['nothing changes', () => {}],
  ['an operation comes', ({ paths }) => (paths['/others'] = structuredClone(paths['/things/{id}']!))],
  ['a scope is enough that was not', (d) => operationOf(d).security.push({ bearer: ['thing:other'] })],
  [
    'an optional parameter comes',
    (d) => operationOf(d).parameters!.push({ name: 'q', in: 'query', schema: { type: 'string' } }),
  ],
  [
    'a parameter may be given several times',
    ({ components }) =>
      (components.parameters!.Limit!.schema = { type: 'array', items: { type: 'integer', maximum: 100 } }),
  ],
  ['a limit rises', ({ components }) => (components.parameters!.Limit!.schema.maximum = 500)],
  ['an optional field comes', (d) => (schemaOf(d, 'Change').properties.why = { type: 'string' })],
  ['a field need not be sent', (d) => schemaOf(d, 'Change').required.pop()],
  ['a value is taken, too', (d) => schemaOf(d, 'Change').properties.state!.enum!.push('auto')],
  ['a field may be null, too', (d) => (schemaOf(d, 'Change').properties.name = { type: ['string', 'null'] })],
  ['a field of the response is added', (d) => (schemaOf(d, 'Thing').properties.more = { type: 'string' })],
  ['an enum of a response has a new value', (d) => schemaOf(d, 'Thing').properties.state!.enum!.push('auto')],
  [
    'a field of a response is no longer null',
    (d) => (schemaOf(d, 'Thing').properties.note = { type: 'string' }),
  ],
  ['a refusal goes', (d) => delete operationOf(d).responses[404]],
];

test.each(harmless)('no client breaks when %s', (_, edit) => {
  expect(breaksOf(edit)).toEqual([]);
});

test('an operation that was deprecated in the last release may be removed', () => {
  const released = structuredClone(before);
  operationOf(released).deprecated = true;
  expect(findBreaks(released, { ...before, paths: {} })).toEqual([]);
});

test('recursive schemas are compared once', () => {
  const tree: Schema = {
    type: 'object',
    properties: { id: { type: 'string' }, within: { $ref: '#/components/schemas/Thing' } },
  };
  const deep = structuredClone(before);
  deep.components.schemas.Thing = tree;
  const changed = structuredClone(deep);
  delete changed.components.schemas.Thing!.properties!.id;
  expect(findBreaks(deep, changed)).toEqual(['PATCH /things/{id}: response 200.id was removed']);
});
