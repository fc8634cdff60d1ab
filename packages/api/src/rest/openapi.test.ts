import { operations } from '@portfolio/core';
import { anonymous } from '@portfolio/core/actor';
import type { Services } from '@portfolio/core/context';
import type { AnyOperation } from '@portfolio/core/operation';
import { Validator } from '@seriousme/openapi-schema-validator';
import { beforeAll, expect, test } from 'vitest';
import { silentLog } from '../../../../tests/support/services.ts';
import { buildServer } from '../server.ts';

type Media = { schema: { $ref?: string; type?: string } };
type Answer = { content: Record<string, Media>; headers?: Record<string, unknown> };
type Described = {
  operationId: string;
  summary: string;
  security: Record<string, string[]>[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Answer>;
};
type Document = {
  openapi: string;
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, object> };
};

let document: Document;
let described: Map<string, Described>;
beforeAll(async () => {
  const server = await buildServer({
    services: { published: { onChange() {} } } as unknown as Services,
    authenticate: async () => anonymous,
    dependencies: {},
    log: silentLog,
  });
  document = (await server.inject('/api/openapi.json')).json();
  const all = Object.values(document.paths).flatMap((path) => Object.values(path));
  described = new Map(all.map((operation) => [operation.operationId.replace('_', '.'), operation]));
});

const all: AnyOperation[] = Object.values(operations).flatMap((verbs) => Object.values(verbs));

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(await new Validator().validate(document)).toMatchObject({ valid: true });
});

test('it describes every operation and nothing else', () => {
  expect([...described.keys()].toSorted()).toEqual(all.map(({ name }) => name).toSorted());
});

test('every operation says what it does, what it needs and how it is refused', () => {
  for (const { name, summary, scope, public: isPublic } of all) {
    const operation = described.get(name)!;
    expect(operation.summary).toBe(summary);
    expect(operation.security).toEqual([...(isPublic ? [{}] : []), { bearer: [scope] }]);
    for (const status of ['4XX', '5XX']) {
      expect(operation.responses[status]!.content).toEqual({
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      });
    }
  }
});

test('every field of an input is in one place: path, query or body', () => {
  for (const { name, input } of all) {
    const { parameters = [], requestBody } = described.get(name)!;
    const content = Object.values(requestBody?.content ?? {});
    const body = new Set(
      content.flatMap(({ schema }) =>
        'properties' in schema ? Object.keys(schema.properties as object) : ['bytes'],
      ),
    );
    const fields = [...parameters.map((parameter) => parameter.name), ...body];
    const expected = Object.keys(input.shape).filter((field) => field !== 'expectedVersion');
    expect(fields.toSorted()).toEqual(expected.toSorted());
  }
});

test('every reference leads somewhere', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name!,
  );
  expect(references).not.toEqual([]);
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(references));
});

test('each thing has one schema', () => {
  const names = Object.keys(document.components.schemas);
  expect(names.filter((name) => name.endsWith('Input'))).toEqual([]);
});

test('answers have their media types and headers', () => {
  const { responses } = described.get('caseStudy.export')!;
  expect(Object.keys(responses['202']!.headers!)).toEqual(['Location', 'Retry-After']);
  expect(described.get('portfolio.create')!.responses['201']!.headers).toHaveProperty('Location');
  expect(described.get('job.result')!.responses['302']!.headers).toHaveProperty('Location');
  expect(described.get('job.read')!.responses['200']!.content).toEqual({
    'application/json': { schema: { $ref: '#/components/schemas/Job' } },
  });
  expect(described.get('job.events')!.responses['200']).toMatchObject({
    description: expect.stringContaining('JobStreamItem'),
    content: { 'text/event-stream': {} },
  });
  expect(Object.keys(described.get('image.upload')!.requestBody!.content)).toEqual([
    'image/png',
    'image/jpeg',
  ]);
});
