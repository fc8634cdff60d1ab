import { type AnyOperation, smallInputBytes } from '@portfolio/core/operation';
import { scopesOf } from '@portfolio/core/tenancy';
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { type Binding, json, mediaTypesOf } from './binding.ts';
import {
  type Answer,
  type DescribedOperation,
  type Document,
  type Media,
  type Parameter,
  type Reference,
  resolve,
  wordsOf,
} from './openapi-document.ts';
import { exampleOf } from './openapi-examples.ts';
import {
  type HeaderName,
  type RequestHeaderName,
  headerRefs,
  lastEventId,
  requestHeaderRef,
} from './openapi-headers.ts';
import { refusalRef } from './openapi-refusals.ts';
import { toBodySchema, toSchema } from './openapi-schemas.ts';

/** An operation and how it is bound to HTTP. */
export type Route = { operation: AnyOperation; binding: Binding<never> };

/** Describes a route from its operation and its binding. Adds the schemas that it references to the document. */
export function describeOperation(document: Document, route: Route): DescribedOperation {
  const { name, summary, public: isPublic } = route.operation;
  const scopes = scopesOf(route.operation);
  const successes = describeSuccesses(document, route);
  const request = describeRequest(document, route, successes);
  const refusals = refusalsOf(route, request).map((status) => [status, refusalRef(status)]);
  return {
    operationId: name.replace('.', '_'),
    summary,
    ...(route.binding.deprecated && { deprecated: true }),
    tags: [name.split('.')[0]!],
    description: `${describeScopes(scopes)}${isPublic ? '; not required for published content' : ''}. tRPC: \`${name}\`.`,
    ...request,
    security: [...(isPublic ? [{}] : []), { bearer: scopes }],
    responses: { ...successes, ...Object.fromEntries(refusals) },
  };
}

function describeScopes(scopes: readonly string[]): string {
  if (scopes.length === 0) return 'Any valid credential';
  return `${scopes.length === 1 ? 'Scope' : 'Scopes'}: ${nameScopes(scopes)}`;
}

/** Scopes as Markdown. */
export const nameScopes = (scopes: readonly string[]) => scopes.map((scope) => `\`${scope}\``).join(', ');

/** The prefix for names of an operation's schemas: `CaseStudyRead` for `caseStudy.read`. */
const typeName = ({ name }: AnyOperation) =>
  name.replaceAll(/(?:^|\.)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The names whose flag is true, in order. */
function namesOf<Name extends string>(flags: Partial<Record<Name, boolean>>): Name[] {
  return (Object.keys(flags) as Name[]).filter((name) => flags[name]);
}

type Successes = Record<string, Answer>;

function describeSuccesses(document: Document, { operation, binding }: Route): Successes {
  const { kind, public: isPublic } = operation;
  const { method, status = 200, otherwise, mayEnd, deprecated } = binding;
  const content = describeContent(document, operation, binding);
  const body = content?.[json];
  const { version, nextCursor } = (body && resolve(document, body.schema).properties) ?? {};
  const isCached = kind === 'query' && isPublic && status === 200;
  const hasTag = isCached || version !== undefined;
  const caching = namesOf<HeaderName>({
    ETag: hasTag,
    'Cache-Control': method === 'GET',
    Vary: kind === 'query',
    'Cache-Status': isCached,
  });
  const isDeprecated = deprecated !== undefined;
  const others = namesOf<HeaderName>({
    Link: isDeprecated || nextCursor !== undefined,
    Deprecation: isDeprecated,
    Sunset: isDeprecated,
  });
  const answer = (code: number, media = content): Answer => ({
    description: describeStatus(operation, code),
    ...(media && { content: media }),
    headers: headerRefs([...(headersOfStatus[code] ?? []), ...caching, ...others]),
  });
  const over = {
    description: 'The client has received the end of the stream: it need not connect again.',
    headers: headerRefs(caching),
  };
  const notModified = { description: 'The client has the current version.', headers: headerRefs(caching) };
  return {
    [status]: answer(status),
    ...(otherwise && body && { [otherwise.status]: answer(otherwise.status, { [json]: body }) }),
    ...(mayEnd && { 204: over }),
    ...(method === 'GET' && status === 200 && hasTag && { 304: notModified }),
  };
}

const headersOfStatus: Record<number, HeaderName[]> = {
  201: ['Location'],
  202: ['Location', 'Retry-After'],
  302: ['Location'],
};

function describeStatus({ kind, output }: AnyOperation, status: number): string {
  if (kind !== 'subscription') return STATUS_CODES[status]!;
  return `Server-sent events: \`data\` is a ${output.meta()?.id ?? 'item'} in JSON, \`id\` the cursor to resume from.`;
}

/** The body of a response by media type; undefined if there is none. */
function describeContent(
  document: Document,
  operation: AnyOperation,
  binding: Binding<never>,
): Record<string, Media> | undefined {
  if (binding.status === 204) return undefined;
  const schema = toBodySchema(document, operation.output, 'output', `${typeName(operation)}Result`);
  const example = exampleOf(document, schema, { of: operation.name });
  if (operation.kind === 'subscription') {
    const { example: id } = cursorOf(document, operation);
    const text = `id: ${String(id)}\ndata: ${JSON.stringify(example)}\n\n`;
    return {
      [eventStream]: { schema: { contentMediaType: eventStream, contentSchema: schema }, example: text },
    };
  }
  return Object.fromEntries(
    mediaTypesOf(binding).map((type): [string, Media] => [
      type,
      type === json ? { schema, example } : { schema: { contentMediaType: type } },
    ]),
  );
}

const eventStream = 'text/event-stream';

/** The schema and an example of the cursor from which a stream resumes. */
function cursorOf(document: Document, { name, input }: AnyOperation) {
  const { description: _, ...schema } = toSchema(document, input, 'input').properties!.lastEventId!;
  return { schema, example: exampleOf(document, schema, { of: name, field: 'lastEventId' }) };
}

type Request = { requestBody?: DescribedOperation['requestBody']; parameters: (Parameter | Reference)[] };

function describeRequest(document: Document, route: Route, successes: Successes): Request {
  const { operation, binding } = route;
  const { inPath, others } = fieldsOf(route);
  const path = describeParameters(document, operation, 'path', inPath);
  const query = binding.method === 'GET' ? describeParameters(document, operation, 'query', others) : [];
  const requestBody = binding.method === 'GET' ? undefined : describeBody(document, route, others);
  const headers = namesOf<RequestHeaderName>({
    IfMatch: 'expectedVersion' in operation.input.shape,
    IfNoneMatch: '304' in successes,
    IdempotencyKey: operation.kind === 'mutation',
  });
  return {
    ...(requestBody && { requestBody }),
    parameters: [
      ...path,
      ...query,
      ...headers.map(requestHeaderRef),
      ...(operation.kind === 'subscription' ? [{ ...lastEventId, ...cursorOf(document, operation) }] : []),
    ],
  };
}

/** The input fields in the path, and those in the query or the body. The expected version is a header. */
function fieldsOf({ operation: { input }, binding }: Route) {
  const names = [...binding.path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const elsewhere = [...names, 'expectedVersion'];
  const fields = Object.entries(input.shape);
  return {
    inPath: z.strictObject(Object.fromEntries(fields.filter(([name]) => names.includes(name)))),
    others: z.strictObject(Object.fromEntries(fields.filter(([name]) => !elsewhere.includes(name)))),
  };
}

function describeParameters(
  document: Document,
  { name: of }: AnyOperation,
  place: 'path' | 'query',
  fields: z.ZodObject,
): Parameter[] {
  const { properties = {}, required = [] } = toSchema(document, fields, 'input');
  return Object.entries(properties).map(([name, { description: given, ...schema }]) => {
    const description = given ?? (place === 'path' ? describeName(of, name) : undefined);
    const isRequired = required.includes(name);
    return {
      schema,
      in: place,
      name,
      required: isRequired,
      ...(description && { description }),
      ...(isRequired && { example: exampleOf(document, schema, { of, field: name }) }),
    };
  });
}

/** The description of a path parameter. Query parameters are described where they are declared. */
function describeName(operation: string, name: string): string {
  const noun = name === 'portfolio' ? name : wordsOf(operation.split('.')[0]!).toLowerCase();
  return `${name === 'portfolio' ? 'Slug' : wordsOf(name)} of the ${noun}.`;
}

function describeBody(document: Document, { operation, binding }: Route, fields: z.ZodObject) {
  if (binding.consumes) {
    const schema = {
      type: 'string',
      format: 'binary',
      maxLength: operation.maxInputBytes ?? smallInputBytes,
    };
    return {
      required: true,
      content: Object.fromEntries(binding.consumes.map((type) => [type, { schema }])),
    };
  }
  if (Object.keys(fields.shape).length === 0) return undefined;
  const schema = toBodySchema(document, fields, 'input', `${typeName(operation)}Body`);
  const example = exampleOf(document, schema, { of: operation.name });
  // The body is optional if all of its fields are.
  const required = Boolean(resolve(document, schema).required?.length);
  return { required, content: { [json]: { schema, example } } };
}

/** Every error status of an operation, derived from its input and its kind. */
function refusalsOf({ operation, binding }: Route, { requestBody }: Request): number[] {
  const { kind, public: isPublic, input } = operation;
  const changes = kind === 'mutation';
  const namesResource = binding.path.includes(':');
  return [
    ...(/:(portfolio|slug|key)\b/.test(binding.path) ? [308] : []),
    400,
    401,
    ...(!isPublic || namesResource ? [403] : []),
    ...(namesResource ? [404] : []),
    406,
    // The target of a redirect may not exist yet.
    ...(changes || binding.status === 302 ? [409] : []),
    ...('expectedVersion' in input.shape ? [412, 428] : []),
    ...(requestBody ? [413, 415] : []),
    ...(changes || Object.keys(input.shape).length > 0 ? [422] : []),
    429,
    500,
    503,
  ];
}
