import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { bodyLimitBytes } from './bodies.ts';
import { type Document, type Reference, type Schema, schemaRef } from './openapi-document.ts';

type Schemas = Pick<Document, 'components'>;

/**
 * The JSON Schema of what goes in or comes out. Schemas with a name (`.meta({ id })`) are added to the components of the
 * document, and referred to.
 */
export function toSchema(document: Schemas, schema: z.ZodType, io: 'input' | 'output'): Schema {
  const { $schema: _, $defs: named = {}, ...root } = z.toJSONSchema(schema, { io });
  const text = JSON.stringify({ root, named }).replaceAll('"#/$defs/', `"${schemaRef('').$ref}`);
  const converted = JSON.parse(text, (_key, part: unknown) => completeValue(part, io)) as {
    root: Schema;
    named: Record<string, Schema>;
  };
  for (const [name, found] of Object.entries(converted.named)) addSchema(document, name, found);
  return converted.root;
}

/** As `toSchema`, for a body: one without a name gets that of its items if it is a page, else the given one. */
export function toBodySchema(
  document: Schemas,
  schema: z.ZodType,
  io: 'input' | 'output',
  name: string,
): Reference {
  const converted = toSchema(document, schema, io);
  if (converted.$ref) return { $ref: converted.$ref };
  return addSchema(document, pageName(converted) ?? name, converted);
}

function addSchema({ components: { schemas } }: Schemas, name: string, schema: Schema): Reference {
  schemas[name] ??= schema;
  if (isDeepStrictEqual(schemas[name], schema)) return schemaRef(name);
  throw new Error(
    `Two schemas of the API that differ are named ${name}. Rename one of them: .meta({ id: '…' }).`,
  );
}

function pageName({ properties }: Schema): string | undefined {
  const item = properties?.items?.items?.$ref?.split('/').at(-1);
  return properties?.nextCursor && item && `${item}Page`;
}

/** The longest text of a format, in characters: RFC 3339 with nanoseconds and offset; what browsers take of a URL. */
const lengthOfFormat: Record<string, number> = { 'date-time': 35, uri: 8192 };

/** Adds the format of numbers and the maximum length of texts to a schema; leaves any other value as it is. */
function completeValue(part: unknown, io: 'input' | 'output'): unknown {
  if (typeof part !== 'object' || part === null) return part;
  const schema: Schema = part;
  const types = [schema.type].flat();
  if (types.includes('integer')) schema.format = (schema.maximum ?? Infinity) < 2 ** 31 ? 'int32' : 'int64';
  if (!types.includes('string') || schema.enum || schema.const !== undefined) return schema;
  // Texts in answers came in a body, or are shorter. An input has to state its own limit.
  const length = lengthOfFormat[schema.format ?? ''] ?? (io === 'output' ? bodyLimitBytes : undefined);
  if (length !== undefined) schema.maxLength ??= length;
  return schema;
}
