import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  type Media,
  type Schema,
  isReference,
  referredSchemas,
  schemaRef,
} from './openapi-document.ts';

/**
 * Puts the schemas of a document in order: one for each thing, a name for the body of every request and answer,
 * format and length of values where they follow from what is there, and nothing that nobody refers to.
 * `bodyLimitBytes` is the most that the server reads of a body.
 */
export function tidySchemas(document: Document, bodyLimitBytes: number) {
  mergeTwins(document);
  describeBytes(document, bodyLimitBytes);
  visitObjects(document, completeValue);
  nameBodies(document);
  boundAnswers(document, bodyLimitBytes);
  dropUnused(document);
  // They come in the order in which modules were loaded.
  const byName = Object.entries(document.components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));
  document.components.schemas = Object.fromEntries(byName);
}

const nameOf = (twin: string) => twin.slice(0, -'Input'.length);

/** Makes `Job` of the type provider's `JobInput`, where both are the same. */
function mergeTwins(document: Document) {
  const { schemas } = document.components;
  let twins = Object.keys(schemas).filter(
    (name) => name.endsWith('Input') && Object.hasOwn(schemas, nameOf(name)),
  );
  const merge = <T>(part: T): T => {
    const references = new Map(twins.map((twin) => [schemaRef(twin).$ref, schemaRef(nameOf(twin)).$ref]));
    const text = JSON.stringify(
      part,
      (key, value: unknown) => (key === '$ref' && references.get(String(value))) || value,
    );
    return JSON.parse(text) as T;
  };
  const isSame = (twin: string) =>
    isDeepStrictEqual(withoutClosing(merge(schemas[twin])), withoutClosing(schemas[nameOf(twin)]));
  // One that differs makes those differ that refer to it.
  for (let before = -1; before !== twins.length;) {
    before = twins.length;
    twins = twins.filter(isSame);
  }
  for (const twin of twins) delete schemas[twin];
  Object.assign(document, merge({ paths: document.paths, components: document.components }));
}

/** Whether other properties are let in is said of what goes out, and need not be of what comes in. */
function withoutClosing(schema: unknown): unknown {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === 'additionalProperties' ? undefined : value)),
  );
}

/** OpenAPI 3.1 describes what is not JSON by its media type. */
function describeBytes({ paths }: Document, maxLength: number) {
  for (const { requestBody, responses } of Object.values(paths).flatMap((path) => Object.values(path))) {
    for (const media of Object.values(requestBody?.content ?? {})) {
      if (media.schema.format === 'binary') media.schema.maxLength ??= maxLength;
    }
    for (const response of Object.values(responses)) {
      if (isReference(response)) continue;
      for (const [contentMediaType, media] of Object.entries(response.content ?? {})) {
        const { contentSchema } = media.schema;
        if (contentMediaType.endsWith('json')) continue;
        media.schema = { contentMediaType, ...(contentSchema && { contentSchema }) };
      }
    }
  }
}

function visitObjects(value: unknown, visit: (object: object) => void) {
  if (typeof value !== 'object' || value === null) return;
  visit(value);
  for (const part of Object.values(value)) visitObjects(part, visit);
}

/** The longest text of a format, in characters: RFC 3339 with nanoseconds and offset; what browsers take of a URL. */
const lengthOfFormat: Record<string, number> = { 'date-time': 35, date: 10, uri: 8192, email: 254, uuid: 36 };

/** Format of numbers; length of texts whose format or pattern says it. */
function completeValue(schema: Schema) {
  if (isOf(schema, 'integer')) schema.format = (schema.maximum ?? Infinity) < 2 ** 31 ? 'int32' : 'int64';
  if (!isOf(schema, 'string')) return;
  const length = lengthOfFormat[schema.format ?? ''] ?? lengthOfPattern(schema.pattern ?? '');
  if (length !== undefined) schema.maxLength ??= length;
}

const character = String.raw`(?:\[[^\]]+\]|\\d|[\w-])`;
const repeated = String.raw`${character}(?:\{(?:\d+,)?\d+\})?`;

/** The longest text that a pattern lets in, where it is a row of characters with fixed counts: `^[0-9a-f]{64}$`. */
function lengthOfPattern(pattern: string): number | undefined {
  if (!new RegExp(String.raw`^\^(?:${repeated})+\$$`).test(pattern)) return undefined;
  const parts = pattern.slice(1, -1).match(new RegExp(repeated, 'g'))!;
  return parts.reduce((sum, part) => sum + Number(/(\d+)\}$/.exec(part)?.[1] ?? 1), 0);
}

const isOf = ({ type }: Schema, wanted: string) => [type].flat().includes(wanted);

/** Moves the schemas of bodies that have no name of their own to the components, named for their operation. */
function nameBodies(document: Document) {
  const { components, paths } = document;
  const move = (content: Record<string, Media> | undefined, name: (schema: Schema) => string) => {
    const media = content?.['application/json'];
    if (!media || media.schema.$ref) return;
    const named = name(media.schema);
    components.schemas[named] ??= media.schema;
    if (isDeepStrictEqual(components.schemas[named], media.schema)) media.schema = schemaRef(named);
  };
  for (const { operationId, requestBody, responses } of Object.values(paths).flatMap((path) =>
    Object.values(path),
  )) {
    const operation = operationId.split('_').map(capitalized).join('');
    move(requestBody?.content, () => `${operation}Body`);
    for (const response of Object.values(responses)) {
      if (!isReference(response))
        move(response.content, (schema) => pageName(schema) ?? `${operation}Result`);
    }
  }
}

/** A page of things is named for the thing. */
function pageName({ properties }: Schema): string | undefined {
  const [item] = referredSchemas(properties?.items?.items ?? null);
  return properties?.nextCursor && item && `${item}Page`;
}

const capitalized = (word: string) => word.slice(0, 1).toUpperCase() + word.slice(1);

/** Texts in answers came in a body, or are shorter. What comes in has to say itself how much it takes. */
function boundAnswers(document: Document, maxLength: number) {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  const taken = schemasWithin(
    document,
    operations.map(({ parameters, requestBody }) => ({ parameters, requestBody })),
  );
  for (const [name, schema] of Object.entries(document.components.schemas)) {
    if (taken.has(name)) continue;
    visitObjects(schema, (part: Schema) => {
      if (isOf(part, 'string') && !part.enum && part.const === undefined) part.maxLength ??= maxLength;
    });
  }
}

function dropUnused(document: Document) {
  const used = schemasWithin(document, document.paths);
  used.add('Problem');
  const { schemas } = document.components;
  for (const name of Object.keys(schemas)) if (!used.has(name)) delete schemas[name];
}

/** Names of the schemas that a part of a document refers to, and of those that they refer to. */
function schemasWithin({ components }: Document, part: unknown): Set<string> {
  const names = new Set<string>();
  const add = (name: string) => {
    if (names.has(name)) return;
    names.add(name);
    referredSchemas(components.schemas[name]).forEach(add);
  };
  referredSchemas(part).forEach(add);
  return names;
}
