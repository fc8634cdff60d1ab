import { allOperations } from '@portfolio/core';
import { scopesOf } from '@portfolio/core/tenancy';
import type { AnyOperation } from '@portfolio/core/operation';
import { Validator } from '@seriousme/openapi-schema-validator';
import Fastify from 'fastify';
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  type Answer,
  type DescribedOperation,
  type Document,
  type Parameter,
  type Reference,
  type Schema,
  isReference,
  resolve,
} from './openapi-document.ts';
import { documentFile } from './openapi-types.ts';
import { toSchema } from './openapi-schemas.ts';
import { formatDocument } from './openapi-write.ts';
import { registerOpenApi } from './openapi.ts';
import { problemSchema } from './problems.ts';

let document: Document;
let described: Map<string, DescribedOperation>;
beforeAll(async () => {
  const app = Fastify();
  registerOpenApi(app);
  document = (await app.inject('/api/openapi.json')).json<Document>();
  const operationObjects = Object.values(document.paths).flatMap((path) => Object.values(path));
  described = new Map(operationObjects.map((found) => [found.operationId.replace('_', '.'), found]));
});

const isGuarded = ({ input }: AnyOperation) => Object.hasOwn(input.shape, 'expectedVersion');

function answersOf(name: string): [string, Answer][] {
  return Object.entries(described.get(name)!.responses).map(([status, answer]) => [
    status,
    isReference(answer) ? follow(document.components.responses!, answer) : answer,
  ]);
}

function parametersOf(name: string): Parameter[] {
  const { parameters = [] } = described.get(name)!;
  return parameters.map((given) =>
    isReference(given) ? follow(document.components.parameters!, given) : given,
  );
}

const follow = <T>(parts: Record<string, T>, { $ref }: Reference): T => parts[$ref.split('/').at(-1)!]!;

function bodySchema(name: string): Schema | undefined {
  const schema = described.get(name)!.requestBody?.content['application/json']?.schema;
  return schema && resolve(document, schema);
}

/** The input of an operation that the examples of its route add up to; undefined if it takes bytes. */
function exampleInput({ name, input }: AnyOperation): object | undefined {
  if (Object.hasOwn(input.shape, 'bytes')) return undefined;
  const given = parametersOf(name).filter((parameter) => parameter.in !== 'header' && parameter.required);
  return {
    ...Object.fromEntries(given.map((parameter) => [parameter.name, parameter.example])),
    ...(described.get(name)!.requestBody?.content['application/json']?.example as object | undefined),
    ...(Object.hasOwn(input.shape, 'expectedVersion') && { expectedVersion: '*' }),
  };
}

test('the document is valid OpenAPI 3.1', async () => {
  expect(document.openapi).toMatch(/^3\.1\./);
  expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
});

test('it describes every operation and nothing else', () => {
  expect([...described.keys()].toSorted()).toEqual(allOperations.map(({ name }) => name).toSorted());
});

test('every operation has its summary, its name and all scopes that it requires', () => {
  for (const required of allOperations) {
    const { name, summary, public: isPublic } = required;
    const scopes = scopesOf(required);
    const operation = described.get(name)!;
    expect(operation.summary).toBe(summary);
    expect(operation.description).toContain(name);
    expect(operation.security).toEqual([...(isPublic ? [{}] : []), { bearer: scopes }]);
    for (const scope of scopes) expect(operation.description).toContain(`\`${scope}\``);
  }
});

test('every field of an input is in one place: path, query, header or body', () => {
  for (const { name, input } of allOperations) {
    const headers: Record<string, string[]> = { 'If-Match': ['expectedVersion'] };
    const fields = parametersOf(name).flatMap((parameter) =>
      parameter.in === 'header' ? (headers[parameter.name] ?? []) : [parameter.name],
    );
    const takesBytes = described.get(name)!.requestBody !== undefined && bodySchema(name) === undefined;
    const inBody = takesBytes ? ['bytes'] : Object.keys(bodySchema(name)?.properties ?? {});
    expect([...fields, ...inBody].toSorted()).toEqual(Object.keys(input.shape).toSorted());
  }
});

test('changes accept an idempotency key, and changes of an existing resource require the version that they are based on', () => {
  for (const operation of allOperations) {
    const { name, kind } = operation;
    const headers = parametersOf(name).filter((parameter) => parameter.in === 'header');
    const names = headers.map((header) => header.name);
    expect(names.includes('Idempotency-Key')).toBe(kind === 'mutation');
    expect(names.includes('Last-Event-ID')).toBe(kind === 'subscription');
    expect(headers.some((header) => header.name === 'If-Match' && header.required)).toBe(
      isGuarded(operation),
    );
  }
});

test('every error status is described, with a problem document as an example', () => {
  for (const operation of allOperations) {
    const statuses = answersOf(operation.name).map(([status]) => status);
    expect(statuses.includes('412')).toBe(isGuarded(operation));
    expect(statuses.includes('428')).toBe(isGuarded(operation));
    const always = ['400', '401', '406', '429', '500', '503'];
    const ofChanges = operation.kind === 'mutation' ? ['403', '409', '422'] : [];
    const ofBodies = described.get(operation.name)!.requestBody ? ['413', '415'] : [];
    expect(statuses).toEqual(expect.arrayContaining([...always, ...ofChanges, ...ofBodies]));
    for (const [status, answer] of answersOf(operation.name)) {
      if (status < '400') continue;
      const { schema, examples } = answer.content!['application/problem+json']!;
      expect(schema).toEqual({ $ref: '#/components/schemas/Problem' });
      const problems = Object.values(examples!).map(({ value }) => problemSchema.strict().parse(value));
      expect(new Set(problems.map((problem) => problem.status))).toEqual(new Set([Number(status)]));
    }
  }
});

test('every example of an input is valid for its operation', () => {
  const refused = allOperations.flatMap((operation) => {
    const input = exampleInput(operation);
    const parsed = operation.input.safeParse(input);
    if (input === undefined || parsed.success) return [];
    return [
      `${operation.name}: ${z.prettifyError(parsed.error)} Add a value to openapi-examples.ts, or to the field's meta.`,
    ];
  });
  expect(refused).toEqual([]);
});

test('every example of a response is valid for its operation', () => {
  for (const { name, output } of allOperations) {
    for (const [status, { content = {} }] of answersOf(name)) {
      const media = content['application/json'];
      if (!media || status >= '400') continue;
      expect(media.example, `${name} has no example; see openapi-examples.ts`).toBeDefined();
      expect(output.parse(media.example)).toEqual(media.example);
    }
  }
});

test('two different schemas cannot share a name, such as an input and an output', () => {
  const components = { schemas: {} };
  const note = z.object({ text: z.string().max(9) }).meta({ id: 'Note' });
  expect(toSchema({ components }, note, 'output')).toEqual({ $ref: '#/components/schemas/Note' });
  expect(() => toSchema({ components }, note, 'output')).not.toThrow();
  // Other fields are allowed in this input, and not in the output.
  expect(() => toSchema({ components }, note, 'input')).toThrow('named Note. Rename one of them');
});

test('every body in JSON refers to a named schema', () => {
  const bodies = allOperations.flatMap(({ name }) => [
    described.get(name)!.requestBody?.content['application/json'],
    ...answersOf(name).map(([, { content }]) => content?.['application/json']),
  ]);
  const unnamed = bodies.filter((body) => body && body.schema.$ref === undefined);
  expect(unnamed).toEqual([]);
});

const headersOf = (name: string, status: string) =>
  Object.keys(new Map(answersOf(name)).get(status)!.headers!);

test('responses have their headers: location, version, next page, remaining rate limit', () => {
  expect(headersOf('caseStudy.export', '202')).toEqual(expect.arrayContaining(['Location', 'Retry-After']));
  expect(headersOf('portfolio.create', '201')).toEqual(expect.arrayContaining(['Location', 'ETag']));
  expect(headersOf('portfolio.read', '304')).toContain('ETag');
  expect(headersOf('job.result', '302')).toContain('Location');
  expect(headersOf('job.list', '200')).toContain('Link');
  expect(headersOf('job.list', '401')).toContain('WWW-Authenticate');
  expect(headersOf('job.list', '429')).toContain('Retry-After');
  for (const { name } of allOperations) {
    for (const [, { headers }] of answersOf(name)) expect(headers).toHaveProperty('RateLimit');
  }
});

test('responses and bodies other than JSON have their media types', () => {
  expect(new Map(answersOf('job.events')).get('200')).toMatchObject({
    description: expect.stringContaining('JobStreamItem'),
    content: {
      'text/event-stream': { schema: { contentSchema: { $ref: '#/components/schemas/JobStreamItem' } } },
    },
  });
  expect(Object.keys(described.get('image.upload')!.requestBody!.content)).toEqual([
    'image/png',
    'image/jpeg',
  ]);
});

test('a stream that ends says so to a client that has received its end', () => {
  expect(new Map(answersOf('job.events')).get('204')).not.toHaveProperty('content');
  expect(new Map(answersOf('job.changes')).has('204')).toBe(false);
});

test('the header to resume a stream has the form of its cursor, as has its example', () => {
  const resumptions = { 'job.events': /^\d+$/, 'job.changes': /^\d+:\d+:[\d,]*$/ };
  for (const [name, form] of Object.entries(resumptions)) {
    const [query, header] = ['lastEventId', 'Last-Event-ID'].map((wanted) =>
      parametersOf(name).find((parameter) => parameter.name === wanted)!,
    );
    expect(header!.schema).toEqual(query!.schema);
    expect(header!.example).toMatch(form);
    const { example } = new Map(answersOf(name)).get('200')!.content!['text/event-stream']!;
    expect(String(example).split('\n')[0]).toBe(`id: ${String(header!.example)}`);
  }
});

test('the artifacts of a case study are declared to be unique', () => {
  for (const name of ['caseStudy.create', 'caseStudy.update']) {
    expect(bodySchema(name)!.properties!.artifacts).toMatchObject({ uniqueItems: true });
  }
});

test('the committed document is up to date (else: npm run openapi)', async () => {
  expect(formatDocument(document), 'Run `npm run openapi`, and commit what it writes.').toBe(
    await readFile(documentFile, 'utf8'),
  );
});
