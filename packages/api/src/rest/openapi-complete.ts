import { allOperations } from '@portfolio/core';
import type { AnyOperation } from '@portfolio/core/operation';
import {
  type Answer,
  type DescribedOperation,
  type Document,
  type Media,
  type Parameter,
  isReference,
  resolve,
  schemaRef,
  wordsOf,
} from './openapi-document.ts';
import { exampleOf } from './openapi-examples.ts';
import { type HeaderName, type RequestHeaderName, headers, requestHeaders } from './openapi-headers.ts';
import { describeRefusals, refusalRef } from './openapi-refusals.ts';
import { tidySchemas } from './openapi-schemas.ts';

/** An operation as it is declared, as it is described, and by which method. */
type Route = { declared: AnyOperation; described: DescribedOperation; method: string };

const declared = new Map(allOperations.map((operation) => [operation.name.replace('.', '_'), operation]));

/**
 * Adds to a document what follows from the declarations of its operations: headers of requests and answers, every
 * status with which they refuse, descriptions of parameters, and examples.
 */
export function completeDocument(document: Document, bodyLimitBytes: number): Document {
  routesOf(document).forEach(describeForms);
  tidySchemas(document, bodyLimitBytes);
  const { components } = document;
  components.headers = { ...headers };
  components.parameters = { ...requestHeaders };
  components.responses = describeRefusals(withHeaders);
  for (const route of routesOf(document)) {
    completeAnswers(document, route);
    completeRequest(document, route);
    route.described.description += ` tRPC: \`${route.declared.name}\`.`;
  }
  const used = new Set(routesOf(document).flatMap(({ described }) => described.tags));
  document.tags = document.tags?.filter(({ name }) => used.has(name)) ?? [];
  dropUnusedParts(document);
  return document;
}

function dropUnusedParts({ components, paths }: Document) {
  const { headers: named = {}, parameters = {}, responses = {} } = components;
  dropUnused('responses', responses, paths);
  dropUnused('parameters', parameters, paths);
  dropUnused('headers', named, { paths, responses });
}

function dropUnused(kind: string, parts: object, users: unknown) {
  const used = JSON.stringify(users);
  for (const name of Object.keys(parts)) {
    if (!used.includes(`"#/components/${kind}/${name}"`)) Reflect.deleteProperty(parts, name);
  }
}

function routesOf({ paths }: Document): Route[] {
  return Object.values(paths).flatMap((path) =>
    Object.entries(path).map(([method, described]) => {
      return { method, described, declared: declared.get(described.operationId)! };
    }),
  );
}

/** Where answers are not one piece of JSON: streams, of which the type provider knows nothing, and no content. */
function describeForms({ declared: { output }, described: { responses } }: Route) {
  const item = output.meta()?.id;
  for (const [status, answer] of successes(responses)) {
    const stream = answer.content?.['text/event-stream'];
    if (stream && item) stream.schema.contentSchema = schemaRef(item);
    if (status === '204') delete answer.content;
  }
}

const everywhere: HeaderName[] = ['RateLimit', 'RateLimit-Policy'];

const withHeaders = (names: HeaderName[]) =>
  Object.fromEntries(
    [...names, ...everywhere].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );

const headersOfStatus: Record<string, HeaderName[]> = {
  201: ['Location'],
  202: ['Location', 'Retry-After'],
  302: ['Location'],
};

function completeAnswers(document: Document, { declared: operation, described, method }: Route) {
  const { responses, deprecated } = described;
  const [, body] = bodiesOf(responses)[0] ?? [];
  const properties = body && resolve(document, body.schema).properties;
  const isPage = properties?.nextCursor !== undefined;
  const isCached = operation.kind === 'query' && operation.public && responses['200'] !== undefined;
  const hasTag = isCached || properties?.version !== undefined;
  const caching: HeaderName[] = [
    ...(hasTag ? (['ETag'] as const) : []),
    ...(method === 'get' ? (['Cache-Control'] as const) : []),
    ...(operation.kind === 'query' ? (['Vary'] as const) : []),
    ...(isCached ? (['Cache-Status'] as const) : []),
  ];
  const always: HeaderName[] = [
    ...caching,
    ...(isPage || deprecated ? (['Link'] as const) : []),
    ...(deprecated ? (['Deprecation', 'Sunset'] as const) : []),
  ];
  for (const [status, answer] of successes(responses)) {
    answer.headers = withHeaders([...(headersOfStatus[status] ?? []), ...always]);
  }
  for (const [type, media] of bodiesOf(responses)) {
    const example = exampleOf(document, media.schema.contentSchema ?? media.schema, { of: operation.name });
    if (type === 'application/json') media.example = example;
    if (type === 'text/event-stream') media.example = `id: 7\ndata: ${JSON.stringify(example)}\n\n`;
  }
  if (method === 'get' && hasTag && responses['200']) {
    responses['304'] = { description: 'The client has this already.', headers: withHeaders(caching) };
  }
  const refusals = refusalsOf(operation, described);
  delete responses['4XX'];
  delete responses['5XX'];
  for (const status of refusals) responses[status] = refusalRef(status);
}

function successes(responses: DescribedOperation['responses']): [string, Answer][] {
  return Object.entries(responses).flatMap(([status, answer]) =>
    /^[23]\d\d$/.test(status) && !isReference(answer) ? [[status, answer]] : [],
  );
}

/** Media types of successful answers, and what is said of them. */
function bodiesOf(responses: DescribedOperation['responses']): [string, Media][] {
  return successes(responses).flatMap(([, { content }]) => Object.entries(content ?? {}));
}

/** Every status with which an operation may be refused, by what it takes and does. */
function refusalsOf(
  { kind, public: isPublic, input }: AnyOperation,
  described: DescribedOperation,
): number[] {
  const { path, requestBody, responses } = { ...described, path: parametersOf(described, 'path') };
  const takes = (field: string) => Object.hasOwn(input.shape, field);
  const changes = kind === 'mutation';
  return [
    400,
    401,
    ...(!isPublic || path.length > 0 ? [403] : []),
    ...(path.length > 0 ? [404] : []),
    406,
    // What a link leads to may not be there yet.
    ...(changes || responses['302'] ? [409] : []),
    ...(takes('expectedVersion') ? [412, 428] : []),
    ...(requestBody ? [413, 415] : []),
    ...(changes || Object.keys(input.shape).length > 0 ? [422] : []),
    429,
    500,
    503,
  ];
}

function parametersOf({ parameters = [] }: DescribedOperation, where: Parameter['in']): Parameter[] {
  return parameters.flatMap((part) => (!isReference(part) && part.in === where ? [part] : []));
}

function completeRequest(document: Document, { declared: operation, described, method }: Route) {
  const { name, kind, input } = operation;
  const isVersioned = Object.hasOwn(described.responses, '304');
  for (const parameter of [...parametersOf(described, 'path'), ...parametersOf(described, 'query')]) {
    const { description, ...schema } = parameter.schema;
    parameter.description ??= description ?? describeName(name, parameter);
    parameter.schema = schema;
    if (!parameter.required) continue;
    parameter.example = exampleOf(document, schema, { of: name, field: parameter.name });
  }
  const added: RequestHeaderName[] = [
    ...('expectedVersion' in input.shape ? (['IfMatch'] as const) : []),
    ...(method === 'get' && isVersioned ? (['IfNoneMatch'] as const) : []),
    ...(kind === 'mutation' ? (['IdempotencyKey'] as const) : []),
    ...(kind === 'subscription' ? (['LastEventId'] as const) : []),
  ];
  described.parameters = [
    ...parametersOf(described, 'path'),
    ...parametersOf(described, 'query'),
    ...added.map((header) => ({ $ref: `#/components/parameters/${header}` })),
  ];
  const body = described.requestBody?.content['application/json'];
  if (!body) return;
  body.example = exampleOf(document, body.schema, { of: name });
  // Where every field may be left out, so may the body.
  if (!resolve(document, body.schema).required?.length) described.requestBody!.required = false;
}

/** What names a thing in an address; a filter is to be described where it is declared. */
function describeName(operation: string, { name, in: place }: Parameter): string | undefined {
  if (place !== 'path') return undefined;
  const noun = name === 'portfolio' ? name : wordsOf(operation.split('.')[0]!).toLowerCase();
  return `${name === 'portfolio' ? 'Slug' : wordsOf(name)} of the ${noun}.`;
}
